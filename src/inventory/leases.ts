import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { inPool } from './addresses.ts'
import type { Now } from './clock.ts'
import type { Db } from './database.ts'
import { Holds } from './holds.ts'
import { editLeases, isOthers } from './lease-edits.ts'
import { directLeaseLog, type LeaseLog } from './lease-log.ts'
import { loadLeases } from './lease-rows.ts'
import { LeasesByMac } from './leases-by-mac.ts'
import type { Pool } from './model.ts'
import { PoolAddresses } from './pool-addresses.ts'

export type BootStage = 'firmware' | 'ipxe' | 'os'

/** What a lease became: held by its client until it expires, given back, or declined: another host was seen to use the address. */
export type LeaseState = 'bound' | 'released' | 'declined'

/** An address that a client holds, or held until it expired. */
export type Lease = {
  readonly address: Ipv4
  readonly mac: Mac
  /** Option 61, hexadecimal. */
  readonly clientId: string | null
  readonly hostName: string | null
  readonly state: LeaseState
  /** Who took it last: a firmware, iPXE, or anything else. */
  readonly stage: BootStage
  /** What the firmware of this boot was sent to load; null where none was, and where iPXE was there already, in a card's ROM. */
  readonly loader: string | null
  /** Milliseconds since the epoch: of the first ACK to this client, of the latest, and of the end. */
  readonly startedAt: number
  readonly grantedAt: number
  /** Of a declined address: when it may be given out again. */
  readonly expiresAt: number
  /** The instance that granted it. */
  readonly owner: string
  /** Counts the changes; a row with a greater version replaces one with a lesser. */
  readonly version: number
}

export type LeaseGrant = {
  address: Ipv4
  mac: Mac
  clientId?: string | undefined
  hostName?: string | undefined
  /** Default os. */
  stage?: BootStage
  /** Of a firmware. */
  loader?: string | undefined
  seconds: number
  /** The address is the client's own: whoever else holds it has lost it. */
  fixed?: boolean
}

export type LeaseEdit =
  | ({ kind: 'grant' } & LeaseGrant)
  | { kind: 'release'; address: Ipv4 }
  /** @property seconds how long nobody gets the address. */
  | { kind: 'decline'; address: Ipv4; seconds: number }

/** The leases: read from memory, written in one transaction a batch. */
export class Leases {
  readonly #now: Now
  readonly #owner: string
  readonly #log: LeaseLog
  /** Settles when the latest edits are on disk, and so all before them. */
  #written: Promise<unknown> = Promise.resolve()
  /** What is written next waits for this. */
  #barrier: Promise<unknown> = this.#written
  readonly #byAddress = new Map<Ipv4, Lease>()
  readonly #byMac = new LeasesByMac()
  /** The latest that are being written: they are not on disk yet, but the next edits count on them. */
  readonly #writing = new Map<Ipv4, Lease>()
  readonly #holds = new Holds()
  readonly #pools: PoolAddresses

  /** @param log left out: the leases are written by this connection. */
  constructor(db: Db, owner: string, now: Now, log: LeaseLog = directLeaseLog(db)) {
    this.#now = now
    this.#owner = owner
    this.#log = log
    this.#pools = new PoolAddresses(
      (address) => this.#byAddress.get(address),
      () => this.#byAddress.values()
    )
    for (const lease of loadLeases(db, now())) this.#keep(lease)
  }

  /** All rows, the expired ones too, in no order. */
  all(): Iterable<Lease> {
    return this.#byAddress.values()
  }

  /** Whether its client holds the lease now. */
  isActive(lease: Lease): boolean {
    return lease.state === 'bound' && lease.expiresAt > this.#now()
  }

  /** The latest of an address, whatever became of it. */
  at(address: Ipv4): Lease | undefined {
    return this.#byAddress.get(address)
  }

  /** The lease that an address is under now. */
  active(address: Ipv4): Lease | undefined {
    const lease = this.#byAddress.get(address)
    return lease && this.isActive(lease) ? lease : undefined
  }

  /** Who holds an address, or is just being given it. */
  holderOf(address: Ipv4): Mac | undefined {
    const given = this.#writing.get(address)
    return this.active(address)?.mac ?? (given && this.isActive(given) ? given.mac : undefined)
  }

  /** Whether another host than Tandem's client was seen to use the address, a short while ago. */
  isDeclined(address: Ipv4): boolean {
    const lease = this.#byAddress.get(address)
    return lease?.state === 'declined' && lease.expiresAt > this.#now()
  }

  /** What a MAC holds or held, the latest sixteen, the one granted last first. */
  ofMac(mac: string): Lease[] {
    return [...this.#byMac.of(mac)].reverse()
  }

  /** The one granted last of those that a MAC holds or held and that fit. */
  latestOf(mac: string, fits: (lease: Lease) => boolean): Lease | undefined {
    return this.#byMac.latest(mac, fits)
  }

  /** The lease that a MAC was granted last of those that still run: where it is now, whatever it held for longer before. */
  activeOfMac(mac: string): Lease | undefined {
    return this.#byMac.latest(mac, (lease) => this.isActive(lease))
  }

  /** Tells a client's handshakes apart: the lease it was granted last, be it expired, and its version; empty when it never had one. */
  handshakeOf(mac: string): string {
    const last = this.#byMac.of(mac).at(-1)
    return last ? `${last.address}/${last.version}` : ''
  }

  /** Whether somebody else than this client holds the address, or was just offered it, or uses it unasked. */
  isTaken(address: Ipv4, mac: Mac): boolean {
    const now = this.#now()
    if (isOthers(this.#byAddress.get(address), mac, now)) return true
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
      if (inPool(pools, address) && !isOthers(this.#byAddress.get(address), mac, now) && isUsable(address))
        return address
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
    const latest = (address: Ipv4) => this.#writing.get(address) ?? this.#byAddress.get(address)
    const { leases, lost } = editLeases(edits, latest, { owner: this.#owner, now: this.#now() })
    if (leases.length === 0) return lost
    for (const lease of leases) this.#writing.set(lease.address, lease)
    const written = this.#barrier.then(() => this.#log.append(leases))
    this.#written = written.catch(() => {})
    try {
      await written
      for (const lease of leases) {
        this.#holds.release(lease.address)
        this.#keep(lease)
      }
    } finally {
      for (const lease of leases) {
        if (this.#writing.get(lease.address) === lease) this.#writing.delete(lease.address)
      }
    }
    return lost
  }

  /** Resolves when nothing is being written: what is to be written next waits until then. */
  async idle(): Promise<void> {
    this.#barrier = this.#written
    await this.#barrier
  }

  #keep(lease: Lease): void {
    const before = this.#byAddress.get(lease.address)
    this.#byAddress.set(lease.address, lease)
    if (before !== undefined && before.mac !== lease.mac) this.#byMac.remove(before)
    if (before !== undefined && lease.state !== 'bound') this.#byMac.end(lease)
    else this.#byMac.add(lease)
    if (lease.expiresAt > this.#now()) this.#pools.occupy(lease)
    else this.#pools.free(lease.address)
  }

  /** Puts back an address whose hold has ended, unless it is leased. */
  #free(address: Ipv4): void {
    const lease = this.#byAddress.get(address)
    if (lease === undefined || lease.expiresAt <= this.#now()) this.#pools.free(address)
  }
}
