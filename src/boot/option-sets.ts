import { inPool } from '../inventory/addresses.ts'
import type { Inventory } from '../inventory/inventory.ts'
import { GLOBAL, type Pool, type Role, type Subnet } from '../inventory/model.ts'
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
  /** By subnet and role, which tell most clients apart, then by what else does. */
  readonly #sets = new Map<Subnet, Map<Role | undefined, Map<string, OptionSet>>>()
  #count = 0
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
    if (this.#revision !== this.#inventory.revision || this.#count >= MOST_SETS) {
      this.#revision = this.#inventory.revision
      this.#sets.clear()
      this.#count = 0
    }
    const sets = this.#setsOf(levels)
    const key = keyOf(levels)
    const known = sets.get(key)
    if (known !== undefined) return known
    const set = encodedOptions(levels)
    sets.set(key, set)
    this.#count += 1
    return set
  }

  #setsOf({ subnet, role }: OptionLevels): Map<string, OptionSet> {
    let byRole = this.#sets.get(subnet)
    if (byRole === undefined) {
      byRole = new Map()
      this.#sets.set(subnet, byRole)
    }
    let sets = byRole.get(role)
    if (sets === undefined) {
      sets = new Map()
      byRole.set(role, sets)
    }
    return sets
  }
}

/** The pool of an address, where pools have options of their own. */
function poolOf({ pools }: Subnet, address: Ipv4): Pool | undefined {
  return pools.find((pool) => pool.options !== undefined && inPool([pool], address))
}

/** Tells apart what is told apart by options; the rest of the levels doesn't matter. Mostly there is nothing. */
function keyOf({ pool, classes, machine }: OptionLevels): string {
  const isOwn = machine !== undefined && hasAny(machine.options)
  if (pool === undefined && classes.length === 0 && !isOwn) return ''
  return [pool?.from, isOwn ? machine.name : '', ...classes.map(({ name }) => name)].join('/')
}

function hasAny(options: object): boolean {
  for (const _ in options) return true
  return false
}
