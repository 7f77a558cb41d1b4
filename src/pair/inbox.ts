import type { Db } from '../inventory/database.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Lease } from '../inventory/lease.ts'
import { leaseOf } from '../inventory/lease-rows.ts'
import type { Leases } from '../inventory/leases.ts'
import type { Change, Op, Vector } from '../inventory/oplog.ts'
import { SharedWords } from '../inventory/shared-words.ts'
import { dropAll, putPart } from '../inventory/snapshot.ts'
import { apiTokenChanges } from '../inventory/tokens.ts'
import type { Message, Numbered } from './messages.ts'

/** Milliseconds: clocks that differ by less are taken for one, so that the same lease ends at the same time on both. */
export const ONE_CLOCK = 1000

export type InboxOptions = {
  readonly db: Db
  readonly inventory: Inventory
  readonly leases: Leases
  readonly now: () => number
  readonly send: (message: Message) => void
  /** Before everything is replaced: until it is whole again nothing can be served. */
  readonly replacing: () => void
  readonly replaced: () => void
  readonly progress: (done: number, total: number) => void
  /** The other one has sent everything that this one lacked: it is about to hear so. */
  readonly ended: () => void
  readonly acknowledged: () => void
  /** After what the other wrote was applied. */
  readonly received: (ops: readonly Op[]) => void
}

/** Takes what the other instance sends over one connection, in its order: each message is on disk before it is acknowledged. */
export class Inbox {
  readonly #options: InboxOptions
  readonly #words = new SharedWords()
  #queue: Promise<void> = Promise.resolve()
  #closed = false
  #whole:
    | {
        readonly seen: Vector
        readonly own: readonly Op[]
        /** The number of this instance's last op then. */
        readonly seq: number
        /** Administrators' tokens that were made here; those that come are taken out. */
        readonly tokens: Map<string, Change>
        readonly total: number
        done: number
      }
    | undefined

  constructor(options: InboxOptions) {
    this.#options = options
  }

  take(message: Numbered): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#closed) return
      try {
        const refused = await this.#apply(message)
        if (message.type === 'end') this.#options.ended()
        this.#options.send({ type: 'ack', id: message.id, ...(refused && refused.length > 0 ? { refused } : {}) })
        this.#options.acknowledged()
      } catch (error) {
        this.#closed = true
        this.#options.send({ type: 'nack', id: message.id, reason: (error as Error).message })
      }
    })
  }

  close(): void {
    this.#closed = true
  }

  async #apply(message: Numbered): Promise<readonly string[] | undefined> {
    const { db, inventory, leases } = this.#options
    switch (message.type) {
      case 'ops':
        // SQLite has one writer: while leases are written this would wait for it, and the event loop with it.
        await leases.idle()
        inventory.receive(message.ops)
        this.#options.received(message.ops)
        return undefined
      case 'leases':
        return leases.receive(this.#translated(message))
      case 'snapshot': {
        await leases.idle()
        const known = message.seen[inventory.origin] ?? 0
        const own = known < inventory.log.seq ? inventory.log.since(known, Number.MAX_SAFE_INTEGER) : []
        if (own === undefined) throw new Error('what this instance wrote meanwhile is not in its log any more')
        const tokens = new Map(apiTokenChanges(db).map((change) => [change.key, change]))
        const { seq } = inventory.log
        this.#whole = { seen: message.seen, own, seq, tokens, total: message.total, done: 0 }
        this.#options.replacing()
        dropAll(db)
        inventory.log.caughtUp(message.seen, message.hlc)
        return undefined
      }
      case 'part': {
        await leases.idle()
        putPart(db, message.part)
        const whole = this.#whole
        if (whole === undefined) throw new Error('a part came without its beginning')
        if (message.part.rows?.table === 'token')
          for (const { id } of message.part.rows.rows) whole.tokens.delete(id as string)
        whole.done += message.part.documents?.length ?? message.part.rows?.rows.length ?? 0
        this.#options.progress(whole.done, whole.total)
        return undefined
      }
      case 'snapshot-end': {
        await leases.idle()
        const whole = this.#whole
        if (whole === undefined) throw new Error('an end came without its beginning')
        // What was written here while the whole came isn't in it either.
        const meanwhile = inventory.log.since(whole.seq, Number.MAX_SAFE_INTEGER)
        if (meanwhile === undefined) throw new Error('what this instance wrote meanwhile is not in its log any more')
        inventory.log.reapply([...whole.own, ...meanwhile])
        inventory.reload()
        this.#options.replaced()
        this.#whole = undefined
        // They are good on both from now on.
        await inventory.write([...whole.tokens.values()])
        return undefined
      }
      case 'end':
        return undefined
    }
  }

  /** Times of another clock travel as what is left of them. */
  #translated({ now, rows }: Numbered & { type: 'leases' }): Lease[] {
    const ahead = this.#options.now() - now
    const shift = Math.abs(ahead) < ONE_CLOCK ? 0 : ahead
    return rows.map((row) => {
      const lease = leaseOf(row, this.#words)
      if (shift === 0) return lease
      const { startedAt, grantedAt, expiresAt } = lease
      return { ...lease, startedAt: startedAt + shift, grantedAt: grantedAt + shift, expiresAt: expiresAt + shift }
    })
  }
}
