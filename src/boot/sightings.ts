import type { Now } from '../inventory/clock.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'

/** What a client told of itself when it was about to take its address from another server. */
export type Sighting = {
  readonly address: Ipv4
  /** What its firmware was sent to load at this power-on; null where iPXE was there already, and for anything else. */
  readonly loader: string | null
  /** Tells the client's handshakes apart. */
  readonly handshake: string
  /** Milliseconds since the epoch. */
  readonly seenAt: number
}

/** Milliseconds, a week: a machine that waits for its install asks nobody for its address again. Who gets it next is heard of then. */
const LASTING = 604_800_000
/** Clients that nobody registered: what strangers send can't grow the daemon. */
const MOST_STRANGERS = 10_000

/**
 * Where clients are that get their addresses from another DHCP server. What the server granted isn't heard, but what
 * they asked it for: that goes to all on the link. It is forgotten with the process; then
 * they tell it again when they start.
 */
export class Sightings {
  readonly #isRegistered: (mac: Mac) => boolean
  readonly #now: Now
  readonly #registered = new Map<Mac, Sighting>()
  /** The one that was heard of longest ago first. */
  readonly #strangers = new Map<Mac, Sighting>()
  readonly #byAddress = new Map<Ipv4, Mac>()

  constructor(isRegistered: (mac: Mac) => boolean, now: Now) {
    this.#isRegistered = isRegistered
    this.#now = now
  }

  of(mac: Mac): Sighting | undefined {
    const sighting = this.#registered.get(mac) ?? this.#strangers.get(mac)
    return sighting && sighting.seenAt + LASTING > this.#now() ? sighting : undefined
  }

  /** Who uses an address, as far as was heard. */
  macAt(address: Ipv4): Mac | undefined {
    const mac = this.#byAddress.get(address)
    return mac !== undefined && this.of(mac) ? mac : undefined
  }

  /**
   * Takes down where a client is. Each time is another handshake: a transaction's number tells nothing, as firmware
   * takes the same at each start.
   * @param certain whether the address is taken from who had it before; one that a client would like to have
   * back may be another's by now.
   */
  note(mac: Mac, address: Ipv4, loader: string | null, certain: boolean): void {
    const before = this.macAt(address)
    if (before !== undefined && before !== mac && !certain) return
    this.#forget(mac)
    if (before !== undefined) this.#forget(before)
    const seenAt = this.#now()
    const known = this.#isRegistered(mac) ? this.#registered : this.#strangers
    known.set(mac, { address, loader, handshake: `${address}@${seenAt}`, seenAt })
    this.#byAddress.set(address, mac)
    const [oldest] = this.#strangers.keys()
    if (this.#strangers.size > MOST_STRANGERS && oldest !== undefined) this.#forget(oldest)
  }

  #forget(mac: Mac): void {
    const sighting = this.#registered.get(mac) ?? this.#strangers.get(mac)
    if (sighting === undefined) return
    this.#registered.delete(mac)
    this.#strangers.delete(mac)
    if (this.#byAddress.get(sighting.address) === mac) this.#byAddress.delete(sighting.address)
  }
}
