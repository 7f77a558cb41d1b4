import type { Now } from '../inventory/clock.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Leases } from '../inventory/leases.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'

/** Which addresses may speak for a machine: what the secrets of an install file hang on. */
export class Speakers {
  readonly #inventory: Inventory
  readonly #leases: Leases
  readonly #now: Now
  readonly #standIns = new Map<Mac, { address: Ipv4; until: number }>()

  constructor(inventory: Inventory, leases: Leases, now: Now) {
    this.#inventory = inventory
    this.#leases = leases
    this.#now = now
  }

  /** Whether requests from this address are the machine's with this MAC: it holds the lease, or the address is its own. */
  speaksFor(address: Ipv4, mac: Mac): boolean {
    if (this.#leases.active(address)?.mac === mac) return true
    const owner = this.#inventory.machineByAddress(address)
    if (owner?.interfaces.some((each) => each.ipv4 === address && each.mac === mac)) return true
    const standIn = this.#standIns.get(mac)
    return standIn !== undefined && standIn.address === address && standIn.until > this.#now()
  }

  /** Whose requests from this address are, as far as anyone knows. */
  macAt(address: Ipv4): Mac | undefined {
    const lease = this.#leases.active(address)
    if (lease !== undefined) return lease.mac
    const own = this.#inventory.machineByAddress(address)?.interfaces.find((each) => each.ipv4 === address)
    if (own !== undefined) return own.mac
    const now = this.#now()
    const standIns = [...this.#standIns].filter(([, each]) => each.address === address && each.until > now)
    return standIns.at(-1)?.[0]
  }

  /** The same for a client that any of the MACs may be. */
  speaksForAny(address: Ipv4, macs: readonly Mac[]): boolean {
    return macs.some((mac) => this.speaksFor(address, mac))
  }

  /** An administrator lets a simulated machine speak from another address for a while. */
  allow(address: Ipv4, mac: Mac, milliseconds: number): void {
    const now = this.#now()
    this.#standIns.delete(mac)
    for (const [key, { until }] of this.#standIns) if (until <= now) this.#standIns.delete(key)
    this.#standIns.set(mac, { address, until: now + milliseconds })
  }
}
