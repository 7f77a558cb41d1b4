import { type Ipv4, ipv4ToNumber } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Now } from './clock.ts'
import type { Db } from './database.ts'
import type { Lease, LeaseEdit, LeaseGrant } from './lease.ts'
import { LeaseChoice } from './lease-choice.ts'
import { editLeases, isOthers } from './lease-edits.ts'
import { directLeaseLog, type LeaseLog } from './lease-log.ts'
import { nextVersion, takeOver } from './lease-merge.ts'
import { acknowledgedChanges, loadLeases } from './lease-rows.ts'
import { findLeases, type Wanted } from './lease-search.ts'
import { ALONE, LeaseSharing, type Sharing } from './lease-sharing.ts'
import { LeaseTable } from './lease-table.ts'
import type { Pool } from './model.ts'
import { NumberMap } from './number-map.ts'

/** The leases: read from memory, written in one transaction a batch. */
export class Leases {
  readonly #db: Db
  readonly #now: Now
  readonly #owner: string
  readonly #log: LeaseLog
  readonly #sharing: LeaseSharing
  /** How many of this instance's changes the other one has, as it is on disk. */
  #kept: number
  /** The number of this instance's last change. */
  #change: number
  /** Settles when the latest edits are on disk, and so all before them. */
  #written: Promise<unknown> = Promise.resolve()
  /** What is written next waits for this. */
  #barrier: Promise<unknown> = this.#written
  #table = new LeaseTable()
  /** The latest that are being written: they are not on disk yet, but the next edits count on them. */
  readonly #writing = new NumberMap<Lease>()
  #choice: LeaseChoice

  /** @param log left out: the leases are written by this connection. */
  constructor(db: Db, owner: string, now: Now, log: LeaseLog = directLeaseLog(db)) {
    this.#db = db
    this.#now = now
    this.#owner = owner
    this.#log = log
    this.#sharing = new LeaseSharing(now, acknowledgedChanges(db))
    // A number that the other instance has may be on no lease any more, where its own came over it.
    this.#change = this.#sharing.acknowledged
    this.#kept = this.#sharing.acknowledged
    this.#table.fill(loadLeases(db, now()))
    this.#choice = new LeaseChoice(this.#table, now)
    for (let row = 0; row < this.#table.size; row += 1) this.#change = Math.max(this.#change, this.#table.changeAt(row))
  }

  /** From now on the addresses are shared with another instance; undefined: with none. */
  share(sharing: Sharing = ALONE): void {
    this.#sharing.set(sharing)
    this.reconsider()
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
    if (isOthers(this.at(address), mac, this.#now())) return true
    const holder = this.#choice.holder(address)
    return holder !== undefined && holder !== mac
  }

  /** Whether the pair lets this instance give a client an address that nobody else has. */
  mayGive(address: Ipv4, mac: Mac): boolean {
    return this.#sharing.mayGive(address, mac, this.#latest(address))
  }

  /** Whether an address that nobody holds is of those that this instance gives out. */
  isForHere(address: Ipv4): boolean {
    return this.#sharing.mayAllocate(address, this.#latest(address))
  }

  /** Whether another instance shares the addresses. */
  get isShared(): boolean {
    return this.#sharing.isShared
  }

  /** Seconds that a client may be given an address of a pool for at most. */
  longest(address: Ipv4, mac: Mac): number {
    return this.#sharing.longest(mac, this.#latest(address))
  }

  /** Keeps an offered address for its client for a minute: no more holds than addresses, no more offers than holds. */
  hold(address: Ipv4, mac: Mac): void {
    this.#choice.hold(address, mac)
  }

  /** The usable address that was offered to a client a short while ago. */
  heldBy(mac: Mac, usable: (address: Ipv4) => boolean): Ipv4 | undefined {
    const address = this.#choice.offeredTo(mac)
    return address !== undefined && usable(address) ? address : undefined
  }

  /**
   * A free address of the pools for a client, the one that was free for longest. Where there is none, it is
   * one that was offered to somebody who should have taken it by now.
   * @param isUsable whether an address has no use that leases don't tell of.
   */
  choose(pools: readonly Pool[], mac: Mac, isUsable: (address: Ipv4) => boolean): Ipv4 | undefined {
    const mayGive = (address: Ipv4) => isUsable(address) && this.mayGive(address, mac)
    return this.#choice.next(
      pools,
      (address) => !this.isTaken(address, mac) && mayGive(address),
      (address) => !isOthers(this.at(address), mac, this.#now()) && mayGive(address)
    )
  }

  /** None is left of these pools for this instance to give: the other one may have some to spare. */
  exhausted(pools: readonly Pool[]): void {
    if (pools.length > 0) this.#sharing.exhausted(pools)
  }

  /** Free addresses of the pools that this instance could give, up to so many. */
  spare(pools: readonly Pool[], most: number, isUsable: (address: Ipv4) => boolean): Ipv4[] {
    const now = this.#now()
    return this.#choice.spare(pools, most, (address) => {
      const last = this.#latest(address)
      return (last === undefined || last.expiresAt <= now) && this.isForHere(address) && isUsable(address)
    })
  }

  /** These addresses are to be looked at again: they may be this instance's to give. */
  obtained(addresses: Iterable<Ipv4>): void {
    for (const address of addresses) this.#choice.free(address)
  }

  /** What was in other use in these pools may not be any more; left out: in all, the pair's rules have changed. */
  reconsider(pools?: readonly Pool[]): void {
    this.#choice.reconsider(pools)
  }

  /** Writes granted leases in one transaction; they are on disk when it resolves. */
  async grant(grants: readonly LeaseGrant[]): Promise<void> {
    await this.apply(grants.map((grant) => ({ kind: 'grant', ...grant })))
  }

  /**
   * Makes edits in one transaction; they are on disk when it resolves. It sees what the edits before it made of the
   * leases, be they on disk or not yet. Ends of leases that there aren't change nothing.
   * @returns the grants that must not be told to their clients, with the reason.
   */
  async apply(edits: readonly LeaseEdit[]): Promise<ReadonlyMap<LeaseEdit, string>> {
    const { replicator } = this.#sharing
    const before = replicator && edits.map(({ address }) => this.#latest(address))
    const { leases, lost } = editLeases(edits, (address) => this.#latest(address), {
      owner: this.#owner,
      now: this.#now(),
      change: this.#change,
      knownUntil: (lease) => this.#sharing.knownUntil(lease)
    })
    if (leases.length === 0) return lost
    this.#change += leases.length
    const replicated = replicator?.replicate(leases)
    await this.#write(leases)
    const refused = await replicated
    if (replicated === undefined || refused?.size === 0) return lost
    for (const [index, edit] of edits.entries()) {
      if (edit.kind !== 'grant' || lost.has(edit)) continue
      if (refused === undefined) await this.#reconsider(edit, before?.[index], lost)
      else if (refused.has(edit.address))
        lost.set(edit, `the other instance gave ${edit.address} to another client meanwhile`)
    }
    return lost
  }

  /**
   * The other instance doesn't know of a grant. If it can't be made under the rules for that, it is taken back, lest the client be
   * taken for the address's holder when it asks again.
   */
  async #reconsider(grant: LeaseGrant & LeaseEdit, before: Lease | undefined, lost: Map<LeaseEdit, string>) {
    const { address, mac, seconds, fixed } = grant
    if (fixed) return
    if (!this.#sharing.mayGive(address, mac, before)) {
      lost.set(grant, 'the other instance went away meanwhile: it is to ask again')
      const present = this.#latest(address)
      if (before === undefined || present === undefined || present.mac !== mac || before.mac === mac) return
      const version = nextVersion(present.version, false)
      this.#change += 1
      const undone = { ...before, version, change: this.#change, knownUntil: this.#sharing.knownUntil(before) }
      this.#sharing.replicator?.replicate([undone])
      await this.#write([undone])
    } else if (this.#sharing.isTooLong(seconds, mac, before)) {
      lost.set(grant, 'the other instance went away meanwhile: it is to ask again')
    }
  }

  /**
   * Takes over leases of the other instance; they are on disk when it resolves.
   * @param leases with times of this instance's clock.
   * @returns the addresses that somebody else has here by a later grant: the other instance must not tell its client otherwise.
   */
  async receive(leases: readonly Lease[]): Promise<Ipv4[]> {
    const { changed, untold, refused } = takeOver(leases, (address) => this.#latest(address), this.#change)
    this.#change = untold.at(-1)?.change ?? this.#change
    if (untold.length > 0) this.#sharing.replicator?.replicate(untold)
    if (changed.length > 0) await this.#write(changed)
    return refused
  }

  /** The other instance has this instance's changes up to a number on disk. */
  acknowledged(change: number): void {
    this.#sharing.acknowledged = change
  }

  /** Keeps what the other instance has, for a restart: what isn't kept counts as unknown to it. */
  async keepAcknowledged(): Promise<void> {
    if (this.#sharing.acknowledged !== this.#kept) await this.#append([])
  }

  /** The number of this instance's last change, and of the last that the other instance has. */
  get changes(): { readonly last: number; readonly acknowledged: number } {
    return { last: this.#change, acknowledged: this.#sharing.acknowledged }
  }

  /** This instance's changes after a number, in their order, those that are being written included. @param all also the other's. */
  changedSince(change: number, all = false): Lease[] {
    const changed = [...this.#writing.values()].filter((lease) => all || lease.change > change)
    for (let row = 0; row < this.#table.size; row += 1) {
      if (!all && this.#table.changeAt(row) <= change) continue
      if (!this.#writing.has(this.#table.addressAt(row))) changed.push(this.#table.at(row))
    }
    return changed.sort((a, b) => a.change - b.change)
  }

  async #write(leases: readonly Lease[]): Promise<void> {
    for (const lease of leases) this.#writing.set(ipv4ToNumber(lease.address), lease)
    try {
      await this.#append(leases)
      for (const lease of leases) this.#choice.written(this.#table.put(lease))
    } finally {
      for (const lease of leases) {
        const address = ipv4ToNumber(lease.address)
        if (this.#writing.get(address) === lease) this.#writing.delete(address)
      }
    }
  }

  async #append(leases: readonly Lease[]): Promise<void> {
    const { acknowledged } = this.#sharing
    const written = this.#barrier.then(() => this.#log.append(leases, acknowledged))
    this.#written = written.catch(() => {})
    await written
    this.#kept = acknowledged
  }

  #latest(address: Ipv4): Lease | undefined {
    return this.#writing.get(ipv4ToNumber(address)) ?? this.at(address)
  }

  /** Drops all leases: the other instance's take their place. */
  async clear(): Promise<void> {
    await this.idle()
    this.#db.prepare('DELETE FROM lease').run()
    this.#table = new LeaseTable()
    this.#choice = new LeaseChoice(this.#table, this.#now)
  }

  /** Resolves when nothing is being written: what is to be written next waits until then. */
  async idle(): Promise<void> {
    this.#barrier = this.#written
    await this.#barrier
  }
}
