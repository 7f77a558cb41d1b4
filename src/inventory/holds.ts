import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'

/** How long an offered address is kept for the client that it was offered to. */
const HOLD_MS = 60_000
const RENEWED_AFTER_MS = 1000
/** A client that takes an offer does so within seconds: EDK2 waits four for others to come. */
const CONTESTABLE_MS = 10_000
/** Holds that are taken out at once: each choice adds one at most, so a flood's are soon worked off, and nobody waits for it. */
const ENDED_AT_ONCE = 100
/** Offers that are looked through for one of a certain pool: there may be thousands of other pools' addresses. */
const CONTESTED_AT_ONCE = 1000

type Hold = { readonly mac: Mac; readonly since: number }

/** Addresses that were offered and are kept for a while: one a client, no more than there are addresses. Nothing of it is written. */
export class Holds {
  /** In the order in which they end. */
  readonly #byAddress = new Map<Ipv4, Hold>()
  /** The address that each client was offered last. */
  readonly #byMac = new Map<Mac, Ipv4>()

  /** @returns the address that the client was offered before. */
  hold(address: Ipv4, mac: Mac, now: number): Ipv4 | undefined {
    const held = this.#byAddress.get(address)
    // The REQUEST follows its offer at once: that is no new hold.
    if (held?.mac === mac && now < held.since + RENEWED_AFTER_MS) return address
    this.release(address)
    const other = this.#byMac.get(mac)
    if (other !== undefined) this.release(other)
    this.#byAddress.set(address, { mac, since: now })
    this.#byMac.set(mac, address)
    return other
  }

  release(address: Ipv4): void {
    const hold = this.#byAddress.get(address)
    if (hold === undefined) return
    this.#byAddress.delete(address)
    this.#byMac.delete(hold.mac)
  }

  /** Whose offer an address is. */
  holder(address: Ipv4, now: number): Mac | undefined {
    const hold = this.#byAddress.get(address)
    return hold !== undefined && now < hold.since + HOLD_MS ? hold.mac : undefined
  }

  offeredTo(mac: Mac): Ipv4 | undefined {
    return this.#byMac.get(mac)
  }

  /** Takes out addresses whose hold has ended, a hundred at a time. */
  *ended(now: number): Iterable<Ipv4> {
    for (const address of this.#olderThan(now - HOLD_MS, ENDED_AT_ONCE)) {
      this.release(address)
      yield address
    }
  }

  /** The addresses, the one that was offered longest ago first, whose clients should have come back for them by now. */
  contestable(now: number): Iterable<Ipv4> {
    return this.#olderThan(now - CONTESTABLE_MS, CONTESTED_AT_ONCE)
  }

  *#olderThan(time: number, most: number): Iterable<Ipv4> {
    let count = 0
    for (const [address, { since }] of this.#byAddress) {
      if (since > time || ++count > most) return
      yield address
    }
  }
}
