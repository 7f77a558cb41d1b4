import { inPool } from '../inventory/addresses.ts'
import type { Inventory } from '../inventory/inventory.ts'
import { GLOBAL, type Pool, type Subnet } from '../inventory/model.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import { type ClassifiedClient, matchingClasses } from './classes.ts'
import type { Situation } from './decide.ts'
import { encodedOptions, type OptionLevels } from './dhcp-options.ts'

/** Options by code; null: not to be sent. */
export type OptionSet = ReadonlyMap<number, Uint8Array | null>

/** Sets that are remembered: more than there are kinds of client, unless machines have options of their own. */
const MOST_SETS = 5000

/** The options of DHCP answers, encoded once for all clients that are told the same. */
export class OptionSets {
  readonly #inventory: Inventory
  readonly #sets = new Map<string, OptionSet>()
  /** The inventory's that the sets follow from. */
  #revision = -1

  constructor(inventory: Inventory) {
    this.#inventory = inventory
  }

  /** What holds for a client with an address of the subnet. */
  levels({ machine, role }: Situation, client: ClassifiedClient, subnet: Subnet, address: Ipv4): OptionLevels {
    const global = this.#inventory.need('global', GLOBAL)
    const classes = matchingClasses(this.#inventory.list('class'), client)
    return { global, subnet, pool: poolOf(subnet, address), role, classes, machine }
  }

  of(levels: OptionLevels): OptionSet {
    if (this.#revision !== this.#inventory.revision || this.#sets.size >= MOST_SETS) {
      this.#revision = this.#inventory.revision
      this.#sets.clear()
    }
    const key = keyOf(levels)
    const known = this.#sets.get(key)
    if (known !== undefined) return known
    const set = encodedOptions(levels)
    this.#sets.set(key, set)
    return set
  }
}

/** The pool of an address, where pools have options of their own. */
function poolOf({ pools }: Subnet, address: Ipv4): Pool | undefined {
  return pools.find((pool) => pool.options !== undefined && inPool([pool], address))
}

/** Tells apart what is told apart by options; the rest of the levels doesn't matter. */
function keyOf({ subnet, pool, role, classes, machine }: OptionLevels): string {
  const names = classes.length === 0 ? '' : classes.map(({ name }) => name).join(' ')
  const own = machine && hasAny(machine.options) ? machine.name : ''
  return `${subnet.cidr}/${pool?.from ?? ''}/${role?.name ?? ''}/${names}/${own}`
}

function hasAny(options: object): boolean {
  for (const _ in options) return true
  return false
}
