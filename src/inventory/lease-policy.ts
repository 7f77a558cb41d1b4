import type { Ipv4 } from '../net/ipv4.ts'
import type { Pool } from './model.ts'

/** Seconds that a machine is given its fixed address for: it keeps that however long the service is away. */
export const REGISTERED_LEASE = 43_200

/** What is known of an address's last lease, in milliseconds since the epoch. */
export type Holding = {
  readonly expiresAt: number
  /** The end that the other instance has on its disk for this client; 0: none. */
  readonly knownUntil: number
}

/** What the pair lets an instance do with the addresses of pools. Fixed addresses don't depend on it. */
export interface LeasePolicy {
  /** Whether a client may be given an address that nobody holds. @param last undefined where nobody ever held it. */
  mayAllocate(address: Ipv4, last: Holding | undefined): boolean
  /** Whether its last client may go on with an address, be it that its lease has ended. */
  mayRenew(address: Ipv4, last: Holding): boolean
  /** The latest end that a lease may be given, milliseconds since the epoch. @param last of the same client. */
  latestEnd(last: Holding | undefined): number
  /** Told that none is left of these pools for this instance to give. */
  exhausted(pools: readonly Pool[]): void
}

/** An instance that nobody shares the addresses with. */
export const UNSHARED: LeasePolicy = {
  mayAllocate: () => true,
  mayRenew: () => true,
  latestEnd: () => Number.POSITIVE_INFINITY,
  exhausted: () => {}
}
