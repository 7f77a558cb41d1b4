import type { LeaseRow } from '../inventory/lease-rows.ts'
import type { Pool } from '../inventory/model.ts'
import type { Op, Vector } from '../inventory/oplog.ts'
import type { SnapshotPart } from '../inventory/snapshot.ts'
import type { Cidr, Ipv4 } from '../net/ipv4.ts'
import type { Beat } from './contact.ts'

/** The version of what is said over the link, and the oldest that is understood. */
export const PROTOCOL = 1
export const OLDEST_PROTOCOL = 1

/** Where machines reach an instance, told to the other one. */
export type Reach = {
  readonly interfaces: readonly { readonly name: string; readonly address: Ipv4; readonly network: Cidr }[]
  /** Ports. */
  readonly http: number
  readonly dhcp: number
  /** The port of its signs of life on the provisioning network. */
  readonly beats: number
}

/** The first message in each direction. */
export type Hello = {
  readonly type: 'hello'
  readonly protocol: number
  /** The oldest protocol that the sender understands. */
  readonly oldest: number
  /** The release, for people. */
  readonly version: string
  readonly instance: string
  readonly origin: string
  readonly boot: string
  /** Milliseconds since the epoch by the sender's clock. */
  readonly now: number
  /** Whether its inventory is whole: otherwise it needs everything. */
  readonly isWhole: boolean
  readonly seen: Vector
  readonly reach: Reach
}

/** What is answered by an `ack` of the same `id`, in the order of sending. */
export type Numbered =
  | { readonly type: 'ops'; readonly id: number; readonly ops: readonly Op[] }
  /** @property now the sender's clock, in which the rows' times are. @property change the last of the sender's changes so far. */
  | { readonly type: 'leases'; readonly id: number; readonly now: number; readonly rows: readonly LeaseRow[] }
  /** The inventory follows, `total` entities and rows of it; what was there before is to be dropped. */
  | {
      readonly type: 'snapshot'
      readonly id: number
      readonly total: number
      readonly seen: Vector
      readonly hlc: string
    }
  | { readonly type: 'part'; readonly id: number; readonly part: SnapshotPart }
  | { readonly type: 'snapshot-end'; readonly id: number }
  /** Everything that the other one lacked when it said hello has been sent. */
  | { readonly type: 'end'; readonly id: number }

export type Message =
  | Hello
  | Numbered
  /** @property refused addresses whose leases somebody else has got here. */
  | { readonly type: 'ack'; readonly id: number; readonly refused?: readonly string[] }
  /** It couldn't be put on disk. */
  | { readonly type: 'nack'; readonly id: number; readonly reason: string }
  | ({ readonly type: 'beat'; readonly now: number; readonly draining: boolean } & Beat)
  /** The sender has no address left of these pools. */
  | { readonly type: 'want'; readonly pools: readonly Pool[] }
  /** The sender leaves the pair. */
  | { readonly type: 'left' }
  /** Why the sender ends the connection. */
  | { readonly type: 'bye'; readonly reason: string }
