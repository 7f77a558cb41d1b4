import type { Db } from '../inventory/database.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Lease, LeaseGrant } from '../inventory/lease.ts'
import { REGISTERED_LEASE } from '../inventory/lease-policy.ts'
import type { Leases } from '../inventory/leases.ts'
import { NO_MEMORY, writeMemory } from './memory.ts'

type Copy = { readonly db: Db; readonly inventory: Inventory; readonly leases: Leases }

/** Readies an instance's copy to be replaced by another one's: it begins anew, under another origin, and serves nobody until it is whole. */
export async function becomeSecond({ db, inventory, leases }: Copy, instance: string): Promise<void> {
  writeMemory(db, { ...NO_MEMORY, isWhole: false })
  inventory.renew(instance)
  await leases.clear()
}

/** Leases that are written at once. */
const BATCH = 1000

/**
 * The other instance is gone for good, and which machines it gave their fixed addresses while the two were apart nobody knows: all
 * count as given from now on, those too that were taken from machines it didn't hear of, so that nobody else gets one that is in
 * use. On disk when it resolves.
 */
export async function reckonWithLost({ inventory, leases }: Omit<Copy, 'db'>): Promise<void> {
  const interfaces = [...inventory.list('machine')].flatMap((machine) => machine.interfaces)
  const fixed = interfaces.flatMap(({ mac, ipv4 }) => (ipv4 === null ? [] : { mac, address: ipv4 }))
  const given = [...fixed, ...inventory.freed.entries()].filter(({ mac, address }) => !leases.isTaken(address, mac))
  for (let from = 0; from < given.length; from += BATCH) {
    await leases.grant(given.slice(from, from + BATCH).map((each) => assumed(each, leases.at(each.address))))
  }
}

function assumed({ mac, address }: Pick<LeaseGrant, 'mac' | 'address'>, last: Lease | undefined): LeaseGrant {
  const grant = { mac, address, seconds: REGISTERED_LEASE, fixed: true }
  if (last?.mac !== mac) return grant
  const { clientId, hostName, loader, stage } = last
  return {
    ...grant,
    stage,
    clientId: clientId ?? undefined,
    hostName: hostName ?? undefined,
    loader: loader ?? undefined
  }
}

/** There is no other instance any more. */
export function becomeSole({ db, inventory, leases }: Copy): void {
  leases.share()
  inventory.unpaired()
  writeMemory(db, NO_MEMORY)
}
