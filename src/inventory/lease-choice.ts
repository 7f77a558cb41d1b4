import { type Ipv4, ipv4FromNumber } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { inPool } from './addresses.ts'
import type { Now } from './clock.ts'
import { Holds } from './holds.ts'
import type { LeaseTable } from './lease-table.ts'
import type { Pool } from './model.ts'
import { PoolAddresses } from './pool-addresses.ts'

type Fits = (address: Ipv4) => boolean

/** Which address of the pools is next: which are free, in the order in which they became so, and which are on offer. */
export class LeaseChoice {
  readonly #table: LeaseTable
  readonly #now: Now
  readonly #pools: PoolAddresses
  readonly #holds = new Holds()

  constructor(table: LeaseTable, now: Now) {
    this.#table = table
    this.#now = now
    this.#pools = new PoolAddresses(table)
    for (let row = 0; row < table.size; row += 1) this.#account(row)
  }

  /** A lease was written. @param row of the table. */
  written(row: number): void {
    this.#holds.release(ipv4FromNumber(this.#table.addressAt(row)))
    this.#account(row)
  }

  /** Keeps an offered address for its client for a minute: no more holds than addresses, no more offers than holds. */
  hold(address: Ipv4, mac: Mac): void {
    const other = this.#holds.hold(address, mac, this.#now())
    if (other !== undefined && other !== address) this.free(other)
    this.#pools.reserve(address)
  }

  /** Whose offer an address is. */
  holder(address: Ipv4): Mac | undefined {
    return this.#holds.holder(address, this.#now())
  }

  offeredTo(mac: Mac): Ipv4 | undefined {
    return this.#holds.offeredTo(mac)
  }

  /** @param isFree whether it can be given. @param isContestable whether it could, if it weren't offered to somebody. */
  next(pools: readonly Pool[], isFree: Fits, isContestable: Fits): Ipv4 | undefined {
    const now = this.#now()
    for (const address of this.#holds.ended(now)) this.free(address)
    for (const pool of pools) {
      const address = this.#pools.first(pool, now, isFree)
      if (address !== undefined) return address
    }
    for (const address of this.#holds.contestable(now)) {
      if (inPool(pools, address) && isContestable(address)) return address
    }
    return undefined
  }

  /** Addresses that fit and aren't on offer, up to so many. */
  spare(pools: readonly Pool[], most: number, fits: Fits): Ipv4[] {
    const now = this.#now()
    const found = new Set<Ipv4>()
    const isSpare = (address: Ipv4) => !found.has(address) && this.holder(address) === undefined && fits(address)
    for (const pool of pools) {
      for (let next = this.#pools.first(pool, now, isSpare); next && found.size < most; ) {
        found.add(next)
        next = this.#pools.first(pool, now, isSpare)
      }
    }
    for (const address of found) this.free(address)
    return [...found]
  }

  /** An address is to be looked at again, unless it is leased. */
  free(address: Ipv4): void {
    const row = this.#table.rowOf(address)
    if (row === undefined || this.#table.endAt(row) <= this.#now()) this.#pools.free(address)
  }

  /** What was in other use in these pools may not be any more; left out: in all pools. */
  reconsider(pools?: readonly Pool[]): void {
    if (pools === undefined) this.#pools.forgetAll()
    else for (const pool of pools) this.#pools.forget(pool)
  }

  /** Whether an address is in use or free follows from its lease. */
  #account(row: number): void {
    if (this.#table.endAt(row) > this.#now()) this.#pools.occupy(row)
    else this.#pools.free(ipv4FromNumber(this.#table.addressAt(row)))
  }
}
