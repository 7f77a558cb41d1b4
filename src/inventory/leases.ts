import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { inPool } from './addresses.ts'
import type { Now } from './clock.ts'
import type { Db } from './database.ts'
import { Holds } from './holds.ts'
import type { Lease, LeaseEdit, LeaseGrant } from './lease.ts'
import { editLeases, isOthers } from './lease-edits.ts'
import { directLeaseLog, type LeaseLog } from './lease-log.ts'
import { loadLeases } from './lease-rows.ts'
import { findLeases, type Wanted } from './lease-search.ts'
import { LeaseTable } from './lease-table.ts'
import type { Pool } from './model.ts'
import { NumberMap } from './number-map.ts'
import { PoolAddresses } from './pool-addresses.ts'

/** The leases: read from memory, written in one transaction a batch. */
export class Leases {
  readonly #now: Now
  readonly #owner: string
  readonly #log: LeaseLog
  /** Settles when the latest edits are on disk, and so all before them. */
  #written: Promise<unknown> = Promise.resolve()
  /** What is written next waits for this. */
  #barrier: Promise<unknown> = this.#written
  readonly #table = new LeaseTable()
  /** The latest that are being written: they are not on disk yet, but the next edits count on them. */
  readonly #writing = new NumberMap<Lease>()
  readonly #holds = new Holds()
  readonly #pools: PoolAddresses

  /** @param log left out: the leases are written by this connection. */
  constructor(db: Db, owner: string, now: Now, log: LeaseLog = directLeaseLog(db)) {
    this.#now = now
    this.#owner = owner
    this.#log = log
    this.#pools = new PoolAddresses(this.#table)
    this.#table.fill(loadLeases(db, now()))
    for (let row = 0; row < this.#table.size; row += 1) this.#account(row)
  }

  /** The addresses whose latest leases, those that have ended too, are as asked for, in order. */
  find(wanted: Wanted): Float64Array {
    return findLeases(this.#table, wanted, this.#now())
  }

  /** Whether its client holds the lease now. */
  isActive(lease: Lease): boolean {
    return lease.state === 'bound' && lease.expiresAt > this.#now()
  }

  /** The latest of an address, whatever became of it. */
  at(address: Ipv4): Lease | undefined {
    const row = this.#table.rowOf(address)
    return row === undefined ? undefined : this.#table.at(row)
  }

  /** The lease that an address is under now. */
  active(address: Ipv4): Lease | undefined {
    const lease = this.at(address)
    return lease && this.isActive(lease) ? lease : undefined
  }

  /** Who holds an address, or is just being given it. */
  holderOf(address: Ipv4): Mac | undefined {
    const given = this.#writing.get(ipv4ToNumber(address))
    return this.active(address)?.mac ?? (given && this.isActive(given) ? given.mac : undefined)
  }

  /** Whether another host than Tandem's client was seen to use the address, a short while ago. */
  isDeclined(address: Ipv4): boolean {
    const lease = this.at(address)
    return lease?.state === 'declined' && lease.expiresAt > this.#now()
  }

  /** What a MAC holds or held, the latest sixteen, the one granted last first. */
  ofMac(mac: Mac): Lease[] {
    return this.#table.ofMac(mac)
  }

  /** The one granted last of those that a MAC holds or held and that fit. */
  latestOf(mac: Mac, fits: (lease: Lease) => boolean): Lease | undefined {
    return this.#table.latestOf(mac, fits)
  }

  /** The lease that a MAC was granted last of those that still run: where it is now, whatever it held for longer before. */
  activeOfMac(mac: Mac): Lease | undefined {
    return this.latestOf(mac, (lease) => this.isActive(lease))
  }

  /** Tells a client's handshakes apart: the lease it was granted last, be it expired, and its version; empty when it never had one. */
  handshakeOf(mac: Mac): string {
    const last = this.latestOf(mac, () => true)
    return last ? `${last.address}/${last.version}` : ''
  }

  /** Whether somebody else than this client holds the address, or was just offered it, or uses it unasked. */
  isTaken(address: Ipv4, mac: Mac): boolean {
    const now = this.#now()
    if (isOthers(this.at(address), mac, now)) return true
    const holder = this.#holds.holder(address, now)
    return holder !== undefined && holder !== mac
  }

  /** Keeps an offered address for its client for a minute: no more holds than addresses, no more offers than holds. */
  hold(address: Ipv4, mac: Mac): void {
    const other = this.#holds.hold(address, mac, this.#now())
    if (other !== undefined && other !== address) this.#free(other)
    this.#pools.reserve(address)
  }

  /** The usable address that was offered to a client a short while ago. */
  heldBy(mac: Mac, usable: (address: Ipv4) => boolean): Ipv4 | undefined {
    const address = this.#holds.offeredTo(mac)
    return address !== undefined && usable(address) ? address : undefined
  }

  /**
   * A free address of the pools for a client, the one that was free for longest. Where there is none, it is
   * one that was offered to somebody who should have taken it by now.
   * @param isUsable whether an address has no use that leases don't tell of.
   */
  choose(pools: readonly Pool[], mac: Mac, isUsable: (address: Ipv4) => boolean): Ipv4 | undefined {
    const now = this.#now()
    for (const address of this.#holds.ended(now)) this.#free(address)
    const isFree = (address: Ipv4) => !this.isTaken(address, mac) && isUsable(address)
    for (const pool of pools) {
      const address = this.#pools.first(pool, now, isFree)
      if (address !== undefined) return address
    }
    for (const address of this.#holds.contestable(now)) {
      if (inPool(pools, address) && !isOthers(this.at(address), mac, now) && isUsable(address)) return address
    }
    return undefined
  }

  /** What was in other use in these pools may not be any more. */
  reconsider(pools: readonly Pool[]): void {
    for (const pool of pools) this.#pools.forget(pool)
  }

  /** Writes granted leases in one transaction; they are on disk when it resolves. */
  async grant(grants: readonly LeaseGrant[]): Promise<void> {
    await this.apply(grants.map((grant) => ({ kind: 'grant', ...grant })))
  }

  /**
   * Makes edits in one transaction; they are on disk when it resolves. It sees what the edits before it made of the
   * leases, be they on disk or not yet. Ends of leases that there aren't change nothing.
   * @returns the grants that were not made, as another client holds the address by now.
   */
  async apply(edits: readonly LeaseEdit[]): Promise<ReadonlySet<LeaseEdit>> {
    const latest = (address: Ipv4) => this.#writing.get(ipv4ToNumber(address)) ?? this.at(address)
    const { leases, lost } = editLeases(edits, latest, { owner: this.#owner, now: this.#now() })
    if (leases.length === 0) return lost
    for (const lease of leases) this.#writing.set(ipv4ToNumber(lease.address), lease)
    const written = this.#barrier.then(() => this.#log.append(leases))
    this.#written = written.catch(() => {})
    try {
      await written
      for (const lease of leases) {
        this.#holds.release(lease.address)
        this.#account(this.#table.put(lease))
      }
    } finally {
      for (const lease of leases) {
        const address = ipv4ToNumber(lease.address)
        if (this.#writing.get(address) === lease) this.#writing.delete(address)
      }
    }
    return lost
  }

  /** Resolves when nothing is being written: what is to be written next waits until then. */
  async idle(): Promise<void> {
    this.#barrier = this.#written
    await this.#barrier
  }

  /** Whether an address is in use or free follows from its lease. */
  #account(row: number): void {
    if (this.#table.endAt(row) > this.#now()) this.#pools.occupy(row)
    else this.#pools.free(ipv4FromNumber(this.#table.addressAt(row)))
  }

  /** Puts back an address whose hold has ended, unless it is leased. */
  #free(address: Ipv4): void {
    const lease = this.at(address)
    if (lease === undefined || lease.expiresAt <= this.#now()) this.#pools.free(address)
  }
}
