import type { Now } from '../inventory/clock.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Leases } from '../inventory/leases.ts'
import type { Op } from '../inventory/oplog.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Sightings } from './sightings.ts'

/** How an administrator's word for an address is written, for both instances of a pair. */
export const STAND_IN = 'stand_in'
export type StandIn = { readonly address: Ipv4; readonly mac: Mac; readonly milliseconds: number }

/** Which addresses may speak for a machine: what the secrets of an install file hang on. */
export class Speakers {
  readonly #inventory: Inventory
  readonly #leases: Leases
  readonly #now: Now
  readonly #sightings: Sightings | undefined
  readonly #standIns = new Map<Mac, { address: Ipv4; until: number }>()

  /** @param sightings where another DHCP server gives the addresses: then those of leases and of the inventory tell nothing. */
  constructor(inventory: Inventory, leases: Leases, now: Now, sightings?: Sightings) {
    this.#inventory = inventory
    this.#leases = leases
    this.#now = now
    this.#sightings = sightings
  }

  /** Whether requests from this address are the machine's with this MAC: it has the address, by all that is known. */
  speaksFor(address: Ipv4, mac: Mac): boolean {
    if (this.#sightings ? this.#sightings.macAt(address) === mac : this.#isGiven(address, mac)) return true
    const standIn = this.#standIns.get(mac)
    return standIn !== undefined && standIn.address === address && standIn.until > this.#now()
  }

  /** Whose requests from this address are, as far as anyone knows. */
  macAt(address: Ipv4): Mac | undefined {
    const mac = this.#sightings ? this.#sightings.macAt(address) : this.#givenTo(address)
    if (mac !== undefined) return mac
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

  /** The same as the other instance was told it. */
  allowAsWritten(ops: readonly Op[]): void {
    for (const { entity, value } of ops) {
      if (entity !== STAND_IN) continue
      const { address, mac, milliseconds } = JSON.parse(value) as StandIn
      this.allow(address, mac, milliseconds)
    }
  }

  /** Whether a client holds the lease of an address, or the address is its own. */
  #isGiven(address: Ipv4, mac: Mac): boolean {
    return this.#leases.active(address)?.mac === mac || this.#ownerOf(address) === mac
  }

  #givenTo(address: Ipv4): Mac | undefined {
    return this.#leases.active(address)?.mac ?? this.#ownerOf(address)
  }

  #ownerOf(address: Ipv4): Mac | undefined {
    const owner = this.#inventory.machineByAddress(address)
    return owner?.interfaces.find((each) => each.ipv4 === address)?.mac
  }
}
