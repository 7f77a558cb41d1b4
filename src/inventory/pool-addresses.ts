import { type Ipv4, ipv4ToNumber } from '../net/ipv4.ts'
import { Expiries } from './expiries.ts'
import { FreeAddresses } from './free-addresses.ts'
import type { Pool } from './model.ts'

/** An address's use, and when it ends: milliseconds since the epoch. */
type Use = { readonly address: Ipv4; readonly expiresAt: number }

type Range = { readonly first: number; readonly last: number; readonly free: FreeAddresses }

/** Ended uses that one choice puts back: a backlog of thousands is worked off by a few at a time. */
const RECLAIMED_AT_ONCE = 100

/**
 * Which addresses of the pools are free. Choosing one takes the same time however large the pool is: the
 * ends of leases are kept in order, so nobody searches for those that ended.
 */
export class PoolAddresses {
  readonly #uses: (address: Ipv4) => Use | undefined
  readonly #all: () => Iterable<Use>
  readonly #ranges = new Map<string, Range>()
  readonly #expiries = new Expiries<Use>()
  /** When each address's use is looked at next. */
  readonly #awaited = new Map<Ipv4, number>()

  /** @param uses an address's last use; @param all those of all addresses. */
  constructor(uses: (address: Ipv4) => Use | undefined, all: () => Iterable<Use>) {
    this.#uses = uses
    this.#all = all
  }

  /** The address of a pool that was free for longest, of those that can be used; it is to be reserved. */
  first(pool: Pool, now: number, isUsable: (address: Ipv4) => boolean): Ipv4 | undefined {
    const { free } = this.#rangeOf(pool, now)
    this.#reclaim(now, RECLAIMED_AT_ONCE)
    const address = free.first(isUsable)
    if (address !== undefined || !this.#reclaim(now, Number.POSITIVE_INFINITY)) return address
    return free.first(isUsable)
  }

  /** Forgets what was found out about a pool: an address that had another use may be free by now. */
  forget(pool: Pool): void {
    this.#ranges.delete(keyOf(pool))
  }

  /** An address is in use until then. */
  occupy(use: Use): void {
    const { address, expiresAt } = use
    this.reserve(address)
    const awaited = this.#awaited.get(address)
    // Later ends are found when the earlier one comes: each address waits once, however often it is renewed.
    if (awaited !== undefined && awaited <= expiresAt) return
    this.#awaited.set(address, expiresAt)
    this.#expiries.add(use)
  }

  /** An address was chosen by other means. */
  reserve(address: Ipv4): void {
    this.#rangeAround(address)?.free.remove(address)
  }

  /** An address's use has ended. */
  free(address: Ipv4): void {
    this.#rangeAround(address)?.free.give(address)
  }

  /** @returns whether there was anything. */
  #reclaim(now: number, most: number): boolean {
    for (let count = 0; count < most; count += 1) {
      const ended = this.#expiries.take(now)
      if (ended === undefined) return count > 0
      // The use was shortened after this end was noted: it came to its real one earlier.
      if (this.#awaited.get(ended.address) !== ended.expiresAt) continue
      this.#awaited.delete(ended.address)
      const use = this.#uses(ended.address)
      if (use !== undefined && use.expiresAt > now) this.occupy(use)
      else this.free(ended.address)
    }
    return true
  }

  #rangeOf(pool: Pool, now: number): Range {
    const known = this.#ranges.get(keyOf(pool))
    if (known !== undefined) return known
    const range = { first: ipv4ToNumber(pool.from), last: ipv4ToNumber(pool.to), free: new FreeAddresses(pool) }
    // A pool that was changed takes the place of what it was.
    for (const [key, other] of this.#ranges) {
      if (other.first <= range.last && range.first <= other.last) this.#ranges.delete(key)
    }
    this.#ranges.set(keyOf(pool), range)
    const ended = Array.from(this.#all()).filter((use) => use.expiresAt <= now && isIn(range, use.address))
    ended.sort((a, b) => a.expiresAt - b.expiresAt)
    for (const { address } of ended) range.free.give(address)
    return range
  }

  /** Pools don't overlap. */
  #rangeAround(address: Ipv4): Range | undefined {
    const value = ipv4ToNumber(address)
    for (const range of this.#ranges.values()) if (value >= range.first && value <= range.last) return range
    return undefined
  }
}

function keyOf({ from, to }: Pool): string {
  return `${from}-${to}`
}

function isIn({ first, last }: Range, address: Ipv4): boolean {
  const value = ipv4ToNumber(address)
  return value >= first && value <= last
}
