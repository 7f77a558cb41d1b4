import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Now } from './clock.ts'
import type { Lease } from './lease.ts'
import { type Holding, type LeasePolicy, UNSHARED } from './lease-policy.ts'
import type { Pool } from './model.ts'

/** Hands leases to the other instance. */
export interface LeaseReplicator {
  /**
   * Resolves when the other instance has them on disk, with the addresses that somebody else got there meanwhile; or with
   * undefined when it can't be had. Never rejects.
   */
  replicate(leases: readonly Lease[]): Promise<ReadonlySet<Ipv4> | undefined>
}

/** How leases are shared with the other instance. */
export type Sharing = { readonly policy: LeasePolicy; readonly replicator: LeaseReplicator | undefined }

export const ALONE: Sharing = { policy: UNSHARED, replicator: undefined }

/** Milliseconds: if the pair's rules leave less of a lease, it isn't given. */
const SHORTEST_MS = 30_000
/** Milliseconds that a lease may be longer than allowed: it was granted, and then written. */
const LATENESS_MS = 5000

/** What the pair lets this instance do with addresses, given what the other instance knows of their leases. */
export class LeaseSharing {
  readonly #now: Now
  #sharing = ALONE
  /** How many of this instance's changes the other one has. */
  acknowledged: number

  constructor(now: Now, acknowledged: number) {
    this.#now = now
    this.acknowledged = acknowledged
  }

  set(sharing: Sharing): void {
    this.#sharing = sharing
  }

  get isShared(): boolean {
    return this.#sharing.policy !== UNSHARED
  }

  get replicator(): LeaseReplicator | undefined {
    return this.#sharing.replicator
  }

  /** Whether a client may be given an address that nobody else has. @param last the address's. */
  mayGive(address: Ipv4, mac: Mac, last: Lease | undefined): boolean {
    const { policy } = this.#sharing
    if (policy === UNSHARED) return true
    if (this.#latestEnd(mac, last) - this.#now() < SHORTEST_MS) return false
    const isOwn = last?.mac === mac && last.state !== 'declined'
    if (isOwn && policy.mayRenew(address, this.#holdingOf(last))) return true
    return (last === undefined || last.expiresAt <= this.#now()) && this.mayAllocate(address, last)
  }

  /** Whether an address that nobody holds is of those that this instance gives out. */
  mayAllocate(address: Ipv4, last: Lease | undefined): boolean {
    return this.#sharing.policy.mayAllocate(address, last && this.#holdingOf(last))
  }

  exhausted(pools: readonly Pool[]): void {
    this.#sharing.policy.exhausted(pools)
  }

  /** Seconds that a client may be given an address for at most. */
  longest(mac: Mac, last: Lease | undefined): number {
    return (this.#latestEnd(mac, last) - this.#now()) / 1000
  }

  /** Whether a lease of so many seconds, given just now, is longer than it may be. */
  isTooLong(seconds: number, mac: Mac, last: Lease | undefined): boolean {
    return this.#now() + seconds * 1000 > this.#latestEnd(mac, last) + LATENESS_MS
  }

  /** The end that the other instance has on disk. */
  knownUntil({ change, expiresAt, knownUntil }: Lease): number {
    return change <= this.acknowledged ? expiresAt : knownUntil
  }

  #latestEnd(mac: Mac, last: Lease | undefined): number {
    return this.#sharing.policy.latestEnd(last?.mac === mac ? this.#holdingOf(last) : undefined)
  }

  #holdingOf(lease: Lease): Holding {
    return { expiresAt: lease.expiresAt, knownUntil: this.knownUntil(lease) }
  }
}
