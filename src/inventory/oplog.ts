import { randomBytes } from 'node:crypto'
import { HybridClock, type Now } from './clock.ts'
import { type Db, Statements } from './database.ts'
import { trimEvents } from './events.ts'
import { Fields } from './fields.ts'
import { DELETED } from './merge.ts'
import type { EntityKind } from './model.ts'
import { PeerKnowledge } from './peer-knowledge.ts'
import { mergeRow } from './rows.ts'
import { isEntity, isKnown, isRowTable, writeRow } from './tables.ts'

/**
 * One write of one field: what is logged, applied and sent to a peer. `value` is JSON text. `base`
 * is the version of the field that the writer saw, by which concurrent edits are told from later ones; where it settles
 * a dispute, all that it chose between, parted by spaces.
 */
export type Op = {
  readonly origin: string
  readonly seq: number
  readonly hlc: string
  readonly entity: string
  readonly key: string
  readonly field: string
  readonly value: string
  readonly base: string
  /** Who wrote it: an API token's name, a machine. */
  readonly actor: string
}

/** A write not yet stamped. A null field value is JSON null. Field `deleted`, value true: the tombstone. */
export type Change = {
  readonly entity: string
  readonly key: string
  readonly field: string
  readonly value: unknown
  /** It is a choice between the values that the field was given on both sides. */
  readonly settles?: boolean
}

/** By origin, the number of its last write that is known, with all before it. */
export type Vector = Readonly<Record<string, number>>

/** Hands committed ops to the other instance. */
export interface Replicator {
  /** Resolves when the peer has them on disk (true), or when it can't be had (false). Never rejects. */
  replicate(ops: readonly Op[]): Promise<boolean>
}

/** An instance without a peer. */
export const SOLE: Replicator = { replicate: async () => false }

/** A write came before one that it follows: something between was lost. */
export class GapError extends Error {
  override readonly name = 'GapError'
}

/** How much of the log is kept, in ops. */
export type LogLimits = {
  /** By an instance without a peer. */
  readonly tail: number
  /** For a peer that is away; beyond these it gets everything anew. */
  readonly most: number
  /** Between one trimming and the next. */
  readonly step: number
}

const LIMITS: LogLimits = { tail: 10_000, most: 200_000, step: 1000 }

/** The one way into the inventory's tables. */
export class OpLog {
  readonly #db: Db
  readonly #statements: Statements
  readonly #clock: HybridClock
  readonly #limits: LogLimits
  readonly fields: Fields
  #origin: string
  #seq: number
  readonly peer: PeerKnowledge

  /** @param limits left out: the daemon's. Tests keep less. */
  constructor(db: Db, instance: string, now: Now, limits: LogLimits = LIMITS) {
    this.#db = db
    this.#limits = limits
    this.#statements = new Statements(db)
    this.fields = new Fields(this.#statements)
    this.peer = new PeerKnowledge(this.#statements)
    this.#origin = originOf(db, instance)
    this.#seq = this.seen()[this.#origin] ?? 0
    const latest = db.prepare('SELECT max(hlc) FROM seen').pluck().get() as string | null
    this.#clock = new HybridClock(now, latest ?? '')
    this.#applyUnderstood()
  }

  get origin(): string {
    return this.#origin
  }

  /** The number of this instance's last op. */
  get seq(): number {
    return this.#seq
  }

  /** How many of this instance's ops its peer doesn't have. */
  get behind(): number {
    return this.#seq - (this.peer.acknowledged ?? 0)
  }

  /** The latest stamp that is known. */
  get latest(): string {
    return this.#clock.last
  }

  /** How far the writes of each origin are known. */
  seen(): Vector {
    const rows = this.#statements.get('SELECT origin, seq FROM seen').all() as { origin: string; seq: number }[]
    return Object.fromEntries(rows.map(({ origin, seq }) => [origin, seq]))
  }

  /**
   * Stamps the changes, logs and applies them, all in one transaction: on return they are on disk.
   * @param extra writes what belongs to them in this copy alone.
   */
  commit(changes: readonly Change[], actor = '', extra?: (seq: number) => void): Op[] {
    const before = this.#seq
    try {
      return this.#db
        .transaction(() => {
          const ops = changes.map((change) => this.#append(change, actor))
          this.#see(this.#origin, this.#seq)
          this.#trim(before)
          extra?.(this.#seq)
          return ops
        })
        .immediate()
    } catch (error) {
      // Also when COMMIT itself fails: a number that was never on disk must be given again, for a peer counts on no gaps.
      this.#seq = before
      throw error
    }
  }

  /**
   * Applies ops of the other instance, in their order, in one transaction: on return they are on disk. Those that are
   * known already change nothing. What this version doesn't understand is kept.
   * @returns those that were new.
   * @throws {GapError} when one before them is missing; then none is applied.
   */
  receive(ops: readonly Op[]): Op[] {
    return this.#db.transaction(() => this.#receive(ops)).immediate()
  }

  /** This instance's ops from a number on; undefined where they aren't kept any more. */
  since(seq: number, limit: number): Op[] | undefined {
    if (seq >= this.#seq) return []
    const ops = this.#statements
      .get('SELECT * FROM op WHERE origin = ? AND seq > ? ORDER BY seq LIMIT ?')
      .all(this.#origin, seq, limit) as Op[]
    return ops[0]?.seq === seq + 1 ? ops : undefined
  }

  /** This instance's writes of one entity's rows after a number, as far as they are kept. */
  writtenSince(seq: number, entity: string): Op[] {
    return this.#statements
      .get('SELECT * FROM op WHERE origin = ? AND seq > ? AND entity = ? ORDER BY seq')
      .all(this.#origin, seq, entity) as Op[]
  }

  /** Takes note that everything up to here is known, for it came as a whole; this instance's own writes stay what they are. */
  caughtUp(seen: Vector, latest: string): void {
    this.#clock.observe(latest)
    this.#db
      .transaction(() => {
        for (const [origin, seq] of Object.entries(seen)) if (origin !== this.#origin) this.#see(origin, seq)
      })
      .immediate()
  }

  /**
   * Applies onto what the other one sent as a whole this instance's own ops once more, and what that one kept without
   * understanding it.
   */
  reapply(ops: readonly Op[]): void {
    this.#applyUnderstood()
    this.#db
      .transaction(() => {
        for (const op of ops) this.#apply(op)
      })
      .immediate()
  }

  /** Begins anew under another origin: this copy is older than what its peer had from it. */
  renew(instance: string): void {
    this.#origin = newOrigin(this.#db, instance)
    this.#seq = 0
    // What it knew is to be replaced; a peer that never heard of some of that would be sent everything in its turn.
    this.#db.prepare('DELETE FROM seen').run()
    this.peer.forget()
  }

  #receive(ops: readonly Op[]): Op[] {
    const seen = { ...this.seen() }
    const fresh = ops.filter((op) => {
      const last = seen[op.origin] ?? 0
      if (op.seq <= last) return false
      if (op.seq > last + 1) throw new GapError(`${op.origin} ${op.seq} came after ${last}`)
      seen[op.origin] = op.seq
      return true
    })
    for (const op of fresh) {
      this.#clock.observe(op.hlc)
      this.#apply(op)
    }
    for (const origin of new Set(fresh.map((op) => op.origin))) this.#see(origin, seen[origin] as number)
    return fresh
  }

  #apply(op: Op): void {
    if (isEntity(op.entity) && isKnown(op)) this.fields.apply(op)
    else if (isRowTable(op.entity)) mergeRow(this.#statements, op)
    else
      this.#statements
        .get('INSERT OR REPLACE INTO unknown_op (origin, seq, op) VALUES (?, ?, ?)')
        .run(op.origin, op.seq, JSON.stringify(op))
  }

  #append(change: Change, actor: string): Op {
    const { entity, key, field, settles = false } = change
    this.#seq += 1
    const isField = isEntity(entity)
    const value =
      isField && field === DELETED && change.value === true ? this.fields.deletion(entity, key) : (change.value ?? null)
    const op: Op = {
      origin: this.#origin,
      seq: this.#seq,
      hlc: this.#clock.tick(),
      entity,
      key,
      field,
      value: JSON.stringify(value),
      base: isField ? this.fields.base(entity as EntityKind, key, field, settles) : '',
      actor
    }
    this.#statements
      .get(
        `INSERT INTO op (origin, seq, hlc, entity, key, field, value, base, actor)
         VALUES (@origin, @seq, @hlc, @entity, @key, @field, @value, @base, @actor)`
      )
      .run(op)
    if (!isKnown(op)) throw new Error(`no field ${field} in ${entity}`)
    if (entity === 'machine' && field === 'interfaces') this.peer.wrote(key, this.#seq)
    if (isField) this.fields.apply(op)
    else writeRow(this.#statements, op)
    return op
  }

  /** What an earlier version kept, here or on the other instance, and this one understands. */
  #applyUnderstood(): void {
    const rows = this.#statements.get('SELECT op FROM unknown_op ORDER BY origin, seq').pluck().all() as string[]
    const understood = rows.map((row) => JSON.parse(row) as Op).filter(isKnown)
    if (understood.length === 0) return
    this.#db
      .transaction(() => {
        for (const op of understood) {
          this.#apply(op)
          this.#statements.get('DELETE FROM unknown_op WHERE origin = ? AND seq = ?').run(op.origin, op.seq)
        }
      })
      .immediate()
  }

  #see(origin: string, seq: number): void {
    this.#statements
      .get(
        `INSERT INTO seen (origin, seq, hlc) VALUES (?, ?, ?)
         ON CONFLICT (origin) DO UPDATE SET seq = excluded.seq, hlc = excluded.hlc`
      )
      .run(origin, seq, this.#clock.last)
  }

  #trim(before: number): void {
    const { tail, most, step } = this.#limits
    if (Math.floor(before / step) === Math.floor(this.#seq / step)) return
    const needed = this.peer.acknowledged ?? this.#seq - tail
    this.#db
      .prepare('DELETE FROM op WHERE origin = ? AND seq <= ?')
      .run(this.#origin, Math.max(needed, this.#seq - most))
    trimEvents(this.#db)
  }
}

function originOf(db: Db, instance: string): string {
  const row = db.prepare("SELECT value FROM meta WHERE key = 'origin'").get() as { value: string } | undefined
  return row?.value ?? newOrigin(db, instance)
}

/** The copy begins under a new origin with the next start: what this one's writes were numbered is never given again. */
export function forgetOrigin(db: Db): void {
  db.prepare("DELETE FROM meta WHERE key = 'origin'").run()
  new PeerKnowledge(new Statements(db)).forget()
}

/** Gives this copy of the inventory a new origin: a restored one must not give numbers again that its peer knows. */
function newOrigin(db: Db, instance: string): string {
  const origin = `${instance}-${randomBytes(3).toString('hex')}`
  db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('origin', ?)").run(origin)
  return origin
}
