import type { Db } from '../inventory/database.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Lease } from '../inventory/lease.ts'
import type { Leases } from '../inventory/leases.ts'
import type { Op } from '../inventory/oplog.ts'
import { wholeOf } from '../inventory/snapshot.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import { DoubleUse } from './double-use.ts'
import type { Verdict } from './greeting.ts'
import { Inbox } from './inbox.ts'
import type { Hello, Message, Numbered } from './messages.ts'
import { Outbox } from './outbox.ts'

/** A connection to the other instance; it is authenticated. */
export interface Wire {
  send(message: Message): void
  close(): void
}

export type SessionOptions = {
  readonly wire: Wire
  readonly db: Db
  readonly inventory: Inventory
  readonly leases: Leases
  readonly now: () => number
  /** Whether the inventory here is whole: not while it is being received. */
  readonly whole: (isWhole: boolean) => void
  /** This instance has all that the other one has, and is about to say so. */
  readonly hasAll: () => void
  /** Both have all that the other one has. */
  readonly inStep: () => void
  /** What the other one wrote was applied. */
  readonly received: (ops: readonly Op[]) => void
}

/** One connection to the other instance, and what goes over it: hello, what each lacks, then each write as it happens. */
export class Session {
  readonly wire: Wire
  readonly #options: SessionOptions
  readonly #inbox: Inbox
  #outbox: Outbox | undefined
  #hello: Hello | undefined
  #hasAll = false
  #doubleUse: DoubleUse | undefined
  #progress: { done: number; total: number } | undefined

  constructor(options: SessionOptions) {
    this.wire = options.wire
    this.#options = options
    const { db, inventory, leases, now, received } = options
    this.#inbox = new Inbox({
      db,
      inventory,
      leases,
      now,
      send: (message) => this.wire.send(message),
      replacing: () => options.whole(false),
      replaced: () => {
        options.whole(true)
        this.#progress = undefined
      },
      progress: (done, total) => {
        this.#progress = { done, total }
      },
      ended: () => {
        this.#hasAll = true
        options.hasAll()
      },
      acknowledged: () => this.#checkInStep(),
      received: (ops) => {
        if (!this.#hasAll) this.#doubleUse?.found(ops, now())
        received(ops)
      }
    })
  }

  /** What the other instance said of itself; undefined until it has, or where nothing came of it. */
  get hello(): Hello | undefined {
    return this.#hello
  }

  /** How much of the inventory has come of the whole that is being sent. */
  get progress(): { readonly done: number; readonly total: number } | undefined {
    return this.#progress
  }

  /** Milliseconds for which the oldest write has been waiting to be acknowledged. */
  get lag(): number {
    const since = this.#outbox?.waitingSince
    return since === undefined ? 0 : this.#options.now() - since
  }

  /** Begins to tell the other instance what it lacks. */
  open(hello: Hello, { isNew, needsAll, known }: Verdict & { kind: 'welcome' }): void {
    const { db, inventory, leases, now } = this.#options
    const { log } = inventory
    this.#hello = hello
    if (isNew) leases.acknowledged(0)
    // One of the two tells of it.
    if (log.origin < hello.origin) this.#doubleUse = new DoubleUse(inventory, known)
    inventory.acknowledged(known)
    this.#outbox = new Outbox({
      log,
      leases,
      cursor: needsAll ? log.seq : known,
      whole: needsAll ? wholeOf(db, log) : undefined,
      backlog: leases.changedSince(leases.changes.acknowledged, isNew),
      send: (message) => this.wire.send(message),
      now,
      through: () => this.#checkInStep(),
      acknowledgedOps: (seq) => inventory.acknowledged(seq)
    })
  }

  /** Sends what there is to send. */
  pump(): void {
    this.#outbox?.pump()
  }

  take(message: Numbered): void {
    this.#inbox.take(message)
  }

  acknowledged(id: number, refused: readonly string[] | undefined): void {
    this.#outbox?.acknowledged(id, refused)
  }

  async ops(ops: readonly Op[]): Promise<boolean> {
    return this.#outbox?.ops(ops) ?? false
  }

  async leases(leases: readonly Lease[]): Promise<ReadonlySet<Ipv4> | undefined> {
    return this.#outbox?.leases(leases)
  }

  /** Takes nothing more. */
  stop(): void {
    this.#inbox.close()
  }

  /** Nothing more is acknowledged: who waits for that goes on without. */
  close(): void {
    this.#outbox?.close()
  }

  #checkInStep(): void {
    if (this.#hasAll && this.#outbox?.isThrough) this.#options.inStep()
  }
}
