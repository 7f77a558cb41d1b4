import { type Ipv4, ipv4ToNumber, UNSPECIFIED } from '../net/ipv4.ts'
import { type Mac, macToNumber } from '../net/mac.ts'
import { NumberMap } from './number-map.ts'

/** How long an offered address is kept for the client that it was offered to. */
const HOLD_MS = 60_000
const RENEWED_AFTER_MS = 1000
/** A client that takes an offer does so within seconds: EDK2 waits four for others to come. */
const CONTESTABLE_MS = 10_000
/** Holds that are taken out at once: each choice adds one at most, so a flood's are soon worked off, and nobody waits for it. */
const ENDED_AT_ONCE = 100
/** Offers that are looked through for one of a certain pool: there may be thousands of other pools' addresses. */
const CONTESTED_AT_ONCE = 1000

type Hold = { readonly address: Ipv4; readonly mac: Mac; readonly since: number; before: Hold; after: Hold }

/** Addresses that were offered and are kept for a while: one a client, no more than there are addresses. Nothing of it is written. */
export class Holds {
  readonly #byAddress = new NumberMap<Hold>()
  readonly #byMac = new NumberMap<Hold>()
  /** Before the first and after the last, in the order in which they end. */
  readonly #end: Hold

  constructor() {
    const end = { address: UNSPECIFIED, mac: '' as Mac, since: Number.POSITIVE_INFINITY } as Hold
    end.before = end
    end.after = end
    this.#end = end
  }

  /** @returns the address that the client was offered before. */
  hold(address: Ipv4, mac: Mac, now: number): Ipv4 | undefined {
    const place = ipv4ToNumber(address)
    const client = macToNumber(mac)
    const held = this.#byAddress.get(place)
    // The REQUEST follows its offer at once: that is no new hold.
    if (held?.mac === mac && now < held.since + RENEWED_AFTER_MS) return address
    if (held !== undefined) this.#remove(held)
    const other = this.#byMac.get(client)
    if (other !== undefined) this.#remove(other)
    const hold = { address, mac, since: now, before: this.#end.before, after: this.#end }
    hold.before.after = hold
    hold.after.before = hold
    this.#byAddress.set(place, hold)
    this.#byMac.set(client, hold)
    return other?.address
  }

  release(address: Ipv4): void {
    const hold = this.#byAddress.get(ipv4ToNumber(address))
    if (hold !== undefined) this.#remove(hold)
  }

  /** Whose offer an address is. */
  holder(address: Ipv4, now: number): Mac | undefined {
    const hold = this.#byAddress.get(ipv4ToNumber(address))
    return hold !== undefined && now < hold.since + HOLD_MS ? hold.mac : undefined
  }

  offeredTo(mac: Mac): Ipv4 | undefined {
    return this.#byMac.get(macToNumber(mac))?.address
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
    let hold = this.#end.after
    for (let count = 0; count < most && hold.since <= time; count += 1) {
      const { address, after } = hold
      yield address
      hold = after
    }
  }

  #remove(hold: Hold): void {
    hold.before.after = hold.after
    hold.after.before = hold.before
    // One that is gone must not keep others in memory.
    hold.before = this.#end
    hold.after = this.#end
    this.#byAddress.delete(ipv4ToNumber(hold.address))
    this.#byMac.delete(macToNumber(hold.mac))
  }
}
