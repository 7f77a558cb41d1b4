import type { Db } from '../inventory/database.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Leases } from '../inventory/leases.ts'
import { NO_MEMORY, writeMemory } from './memory.ts'

type Copy = { readonly db: Db; readonly inventory: Inventory; readonly leases: Leases }

/** Readies an instance's copy to be replaced by another one's: it begins anew, under another origin, and serves nobody until it is whole. */
export async function becomeSecond({ db, inventory, leases }: Copy, instance: string): Promise<void> {
  writeMemory(db, { ...NO_MEMORY, isWhole: false })
  inventory.renew(instance)
  await leases.clear()
}

/** There is no other instance any more. */
export function becomeSole({ db, inventory, leases }: Copy): void {
  leases.share()
  inventory.unpaired()
  writeMemory(db, NO_MEMORY)
}
