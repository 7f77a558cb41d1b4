import type { Mac } from '../net/mac.ts'
import type { Lease } from './leases.ts'

/** Leases of a client that are looked through: whoever takes one address of a large pool after the other had thousands. */
const MOST = 16

/** What each client holds or held: the latest leases, in the order in which they were granted, one an address. */
export class LeasesByMac {
  /** Nearly all clients have one: a list for each of a hundred thousand takes megabytes. */
  readonly #leases = new Map<string, Lease | readonly Lease[]>()

  /** The one granted last at the end. */
  of(mac: string): readonly Lease[] {
    const own = this.#leases.get(mac)
    if (own === undefined) return []
    return isOne(own) ? [own] : own
  }

  /** The one granted last of those that fit. */
  latest(mac: string, fits: (lease: Lease) => boolean): Lease | undefined {
    const own = this.#leases.get(mac)
    if (own === undefined) return undefined
    if (isOne(own)) return fits(own) ? own : undefined
    return own.findLast(fits)
  }

  /** A grant: it comes last. */
  add(lease: Lease): void {
    const own = this.#leases.get(lease.mac)
    const isFirst = own === undefined || (isOne(own) && own.address === lease.address)
    this.#leases.set(lease.mac, isFirst ? lease : [...without(this.of(lease.mac), lease).slice(1 - MOST), lease])
  }

  /** A lease that isn't the client's any more. */
  remove(lease: Lease): void {
    this.#put(lease.mac, without(this.of(lease.mac), lease))
  }

  /** The end of a lease is no grant: it stays where it was. */
  end(lease: Lease): void {
    this.#put(
      lease.mac,
      this.of(lease.mac).map((each) => (each.address === lease.address ? lease : each))
    )
  }

  #put(mac: Mac, leases: readonly Lease[]): void {
    const [only] = leases
    if (only === undefined) this.#leases.delete(mac)
    else this.#leases.set(mac, leases.length === 1 ? only : leases)
  }
}

function isOne(leases: Lease | readonly Lease[]): leases is Lease {
  return 'address' in leases
}

function without(leases: readonly Lease[], { address }: Lease): readonly Lease[] {
  return leases.filter((each) => each.address !== address)
}
