import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'

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
  /** A row with a greater version replaces one with a lesser (lease-merge.ts). */
  readonly version: number
  /** Counts this instance's own changes of leases; 0: the other instance's, or of before there was one. */
  readonly change: number
  /** The end that the other instance has on disk for this client where it doesn't have this change; 0: none. */
  readonly knownUntil: number
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
