import type { Lease } from '../inventory/lease.ts'
import { rowOf } from '../inventory/lease-rows.ts'
import type { Leases } from '../inventory/leases.ts'
import type { Op, OpLog } from '../inventory/oplog.ts'
import type { Whole } from '../inventory/snapshot.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Message, Numbered } from './messages.ts'

/** Ops or leases in a message. */
const BATCH = 500
/** Messages that may wait for their acknowledgement: what comes meanwhile gathers. */
const WINDOW = 8

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never
type Sent = { readonly id: number; readonly at: number; done(refused: ReadonlySet<Ipv4> | undefined): void }
type LeaseCall = { readonly leases: readonly Lease[]; resolve(refused: ReadonlySet<Ipv4> | undefined): void }

/**
 * What this instance has to tell the other one over one connection: first what the other lacks, then each write as it
 * happens. Each message is acknowledged when it is on the other's disk, in their order.
 */
export class Outbox {
  readonly #log: OpLog
  readonly #leases: Leases
  readonly #send: (message: Message) => void
  readonly #now: () => number
  readonly #sent: Sent[] = []
  #id = 0
  /** The whole inventory, while it is being sent: the other instance counts on nothing until it has that. */
  #whole: Whole | undefined
  /** The last op that the whole has in it. */
  #wholeUpTo = 0
  /** The last of this instance's ops that was sent. */
  #cursor: number
  #live: Op[] = []
  readonly #opWaiters: { readonly seq: number; resolve(isThere: boolean): void }[] = []
  readonly #leaseCalls: LeaseCall[] = []
  #endSent = false
  #closed = false
  /** Whether the other instance has everything that it lacked. */
  isThrough = false
  readonly #through: () => void
  readonly #acknowledgedOps: (seq: number) => void

  constructor(options: {
    log: OpLog
    leases: Leases
    /** The last of this instance's ops that the other one has. */
    cursor: number
    /** The whole inventory, where the other one needs that. */
    whole?: Whole | undefined
    /** The leases that it lacks. */
    backlog: readonly Lease[]
    send: (message: Message) => void
    now: () => number
    through: () => void
    /** The other instance has the ops up to a number. */
    acknowledgedOps: (seq: number) => void
  }) {
    this.#log = options.log
    this.#leases = options.leases
    this.#cursor = options.cursor
    this.#send = options.send
    this.#now = options.now
    this.#through = options.through
    this.#acknowledgedOps = options.acknowledgedOps
    if (options.whole !== undefined) {
      const { total, seen, hlc } = options.whole
      this.#whole = options.whole
      this.#wholeUpTo = options.cursor
      this.#deliver({ type: 'snapshot', total, seen, hlc }, () => {})
    }
    for (let start = 0; start < options.backlog.length; start += BATCH) {
      this.#leaseCalls.push({ leases: options.backlog.slice(start, start + BATCH), resolve: () => {} })
    }
  }

  /** When the message was sent that waits longest for its acknowledgement. */
  get waitingSince(): number | undefined {
    return this.#sent[0]?.at
  }

  /** @returns whether the other instance has them; at once that it doesn't while it is being sent the whole. */
  ops(ops: readonly Op[]): Promise<boolean> {
    const last = ops.at(-1)
    if (this.#closed || this.#whole !== undefined || last === undefined) return Promise.resolve(false)
    this.#live.push(...ops)
    return new Promise((resolve) => {
      this.#opWaiters.push({ seq: last.seq, resolve })
      this.pump()
    })
  }

  /** @returns the addresses that others have there; undefined, be it at once, where it isn't known to have these leases. */
  leases(leases: readonly Lease[]): Promise<ReadonlySet<Ipv4> | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    if (this.#whole !== undefined) {
      this.#leaseCalls.push({ leases, resolve: () => {} })
      return Promise.resolve(undefined)
    }
    return new Promise((resolve) => {
      this.#leaseCalls.push({ leases, resolve })
      this.pump()
    })
  }

  /** @throws {Error} when the log doesn't have any more what is to be sent. */
  pump(): void {
    while (!this.#closed && this.#sent.length < WINDOW && this.#sendNext());
  }

  acknowledged(id: number, refused: readonly string[] = []): void {
    const first = this.#sent[0]
    if (first?.id !== id) return
    this.#sent.shift()
    first.done(new Set(refused as readonly Ipv4[]))
    this.pump()
  }

  /** Nothing more is acknowledged. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#endWhole()
    for (const { done } of this.#sent.splice(0)) done(undefined)
    for (const { resolve } of this.#leaseCalls.splice(0)) resolve(undefined)
    for (const { resolve } of this.#opWaiters.splice(0)) resolve(false)
  }

  #sendNext(): boolean {
    return this.#sendPart() || this.#sendOps() || this.#sendLeases() || this.#sendEnd()
  }

  #sendOps(): boolean {
    const behind = this.#log.seq > this.#cursor
    if (!behind) return false
    let batch = this.#live.splice(0, BATCH)
    if (batch[0]?.seq !== this.#cursor + 1) {
      this.#live = []
      const logged = this.#log.since(this.#cursor, BATCH)
      if (logged === undefined) throw new Error('the log was trimmed meanwhile')
      batch = logged
    }
    const { seq } = batch.at(-1) as Op
    this.#cursor = seq
    this.#deliver({ type: 'ops', ops: batch }, (refused) => {
      if (refused !== undefined) this.#acknowledgedOps(seq)
      while (refused !== undefined && (this.#opWaiters[0]?.seq ?? Number.POSITIVE_INFINITY) <= seq)
        this.#opWaiters.shift()?.resolve(true)
    })
    return true
  }

  #sendPart(): boolean {
    if (this.#whole === undefined) return false
    const { done, value } = this.#whole.parts.next()
    if (done) this.#endWhole()
    const known = this.#wholeUpTo
    this.#deliver(done ? { type: 'snapshot-end' } : { type: 'part', part: value }, (refused) => {
      if (done && refused !== undefined) this.#acknowledgedOps(known)
    })
    return true
  }

  #endWhole(): void {
    this.#whole?.close()
    this.#whole = undefined
  }

  #sendLeases(): boolean {
    const calls: LeaseCall[] = []
    let count = 0
    for (const call of this.#leaseCalls) {
      if (count > 0 && count + call.leases.length > BATCH) break
      calls.push(call)
      count += call.leases.length
    }
    if (calls.length === 0) return false
    this.#leaseCalls.splice(0, calls.length)
    const leases = calls.flatMap((call) => call.leases)
    const change = leases.reduce((last, lease) => Math.max(last, lease.change), 0)
    this.#deliver({ type: 'leases', now: this.#now(), rows: leases.map(rowOf) }, (refused) => {
      if (refused !== undefined && change > this.#leases.changes.acknowledged) this.#leases.acknowledged(change)
      for (const call of calls) call.resolve(refused)
    })
    return true
  }

  #sendEnd(): boolean {
    if (this.#endSent) return false
    this.#endSent = true
    // All changes so far were sent, but for those of leases that the other one's came over.
    const { last } = this.#leases.changes
    this.#deliver({ type: 'end' }, (refused) => {
      if (refused === undefined) return
      if (last > this.#leases.changes.acknowledged) this.#leases.acknowledged(last)
      this.isThrough = true
      this.#through()
    })
    return true
  }

  #deliver(message: Unnumbered<Numbered>, done: Sent['done']): void {
    this.#id += 1
    this.#sent.push({ id: this.#id, at: this.#now(), done })
    this.#send({ ...message, id: this.#id } as Numbered)
  }
}
