import { type Ipv4, ipv4ToNumber } from '../net/ipv4.ts'
import { Expiries } from './expiries.ts'
import { FreeAddresses } from './free-addresses.ts'
import type { Pool } from './model.ts'

/** The uses of addresses, by numbers from 0: one an address. */
export interface Uses {
  readonly size: number
  /** The address, 32 bits. */
  addressAt(use: number): number
  /** When it ends: milliseconds since the epoch. */
  endAt(use: number): number
}

type Range = { readonly first: number; readonly last: number; readonly free: FreeAddresses }

/** Ended uses that one choice puts back: a backlog of thousands is worked off by a few at a time. */
const RECLAIMED_AT_ONCE = 100

/**
 * Which addresses of the pools are free. Choosing one takes the same time however large the pool is: the
 * ends of leases are kept in order, so nobody searches for those that ended.
 */
export class PoolAddresses {
  readonly #uses: Uses
  readonly #ranges = new Map<string, Range>()
  /** Those whose end is still to come, or was not looked at yet. */
  readonly #expiries = new Expiries()

  constructor(uses: Uses) {
    this.#uses = uses
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

  forgetAll(): void {
    this.#ranges.clear()
  }

  /** A use that has begun, or ends at another time by now. Later ends are found when the earlier one comes. */
  occupy(use: number): void {
    const address = this.#uses.addressAt(use)
    this.#rangeAround(address)?.free.remove(address)
    this.#expiries.add(use, this.#uses.endAt(use))
  }

  /** An address was chosen by other means. */
  reserve(address: Ipv4): void {
    const number = ipv4ToNumber(address)
    this.#rangeAround(number)?.free.remove(number)
  }

  /** An address's use has ended. */
  free(address: Ipv4): void {
    this.#give(ipv4ToNumber(address))
  }

  #give(address: number): void {
    this.#rangeAround(address)?.free.give(address)
  }

  /** @returns whether there was anything. */
  #reclaim(now: number, most: number): boolean {
    for (let count = 0; count < most; count += 1) {
      const use = this.#expiries.take(now)
      if (use === undefined) return count > 0
      if (this.#uses.endAt(use) > now) this.occupy(use)
      else this.#give(this.#uses.addressAt(use))
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
    for (const address of this.#endedIn(range, now)) range.free.give(address)
    return range
  }

  /** The addresses of a range whose use has ended, the first to have ended first. */
  #endedIn({ first, last }: Range, now: number): number[] {
    const uses: number[] = []
    for (let use = 0; use < this.#uses.size; use += 1) {
      const address = this.#uses.addressAt(use)
      if (address >= first && address <= last && this.#uses.endAt(use) <= now) uses.push(use)
    }
    uses.sort((a, b) => this.#uses.endAt(a) - this.#uses.endAt(b))
    return uses.map((use) => this.#uses.addressAt(use))
  }

  /** Pools don't overlap. */
  #rangeAround(address: number): Range | undefined {
    for (const range of this.#ranges.values()) if (address >= range.first && address <= range.last) return range
    return undefined
  }
}

function keyOf({ from, to }: Pool): string {
  return `${from}-${to}`
}
