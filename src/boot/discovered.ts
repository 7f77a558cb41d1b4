import type { Inventory } from '../inventory/inventory.ts'
import { DISCOVERED } from '../inventory/lifecycle.ts'
import type { Facts, Machine } from '../inventory/model.ts'
import { machineFrom } from '../inventory/normalize.ts'
import type { Mac } from '../net/mac.ts'

/** How many machines that nobody registered are remembered: what strangers send can't grow the inventory beyond. */
export const DISCOVERED_LIMIT = 1000

export function hasRoom(inventory: Inventory): boolean {
  const discovered = [...inventory.list('machine')].filter((machine) => machine.life.goal === 'discover')
  return discovered.length < DISCOVERED_LIMIT
}

export function discoveredMachine(inventory: Inventory, mac: Mac, facts: Facts): Machine {
  return { ...machineFrom({ name: freeName(inventory, mac), interfaces: [{ mac }] }), facts, life: DISCOVERED }
}

/** A name that nobody has: a machine that was registered as `new-...` may have lost that MAC to another interface since. */
function freeName(inventory: Inventory, mac: Mac): string {
  const name = `new-${mac.replaceAll(':', '')}`
  if (inventory.get('machine', name) === undefined) return name
  let number = 2
  while (inventory.get('machine', `${name}-${number}`) !== undefined) number += 1
  return `${name}-${number}`
}
