import { randomBytes } from 'node:crypto'
import { HybridClock, type Now } from './clock.ts'
import { type Db, Statements } from './database.ts'
import { trimEvents } from './events.ts'
import { applyRow, DELETED, isRowTable } from './tables.ts'

/**
 * One write of one field: what is logged, applied and sent to a peer. `value` is JSON text. `base`
 * is the version of the field that the writer saw, by which concurrent edits are told from later ones.
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
}

/** A write not yet stamped. A null field value is JSON null. Field `deleted`, value true: the tombstone. */
export type Change = { readonly entity: string; readonly key: string; readonly field: string; readonly value: unknown }

/** Hands committed ops to the other instance. */
export interface Replicator {
  /** Resolves when the peer has them on disk (true), or when it can't be had (false). Never rejects. */
  replicate(ops: readonly Op[]): Promise<boolean>
}

/** An instance without a peer. */
export const SOLE: Replicator = { replicate: async () => false }

/** How many ops an instance without a peer keeps. */
const TAIL = 10_000

/** The one way into the inventory's tables. */
export class OpLog {
  readonly #db: Db
  readonly #statements: Statements
  readonly #clock: HybridClock
  readonly origin: string
  #seq: number

  constructor(db: Db, instance: string, now: Now) {
    this.#db = db
    this.#statements = new Statements(db)
    this.origin = originOf(db, instance)
    const last = db.prepare('SELECT max(seq) AS seq FROM op WHERE origin = ?').get(this.origin) as {
      seq: number | null
    }
    this.#seq = last.seq ?? 0
    const { hlc } = db.prepare('SELECT max(hlc) AS hlc FROM op').get() as { hlc: string | null }
    this.#clock = new HybridClock(now, hlc ?? '')
  }

  /** Stamps the changes, logs and applies them, all in one transaction: on return they are on disk. */
  commit(changes: readonly Change[]): Op[] {
    const before = this.#seq
    try {
      return this.#db
        .transaction(() => {
          const ops = changes.map((change) => this.#append(change))
          this.#trim(before)
          return ops
        })
        .immediate()
    } catch (error) {
      // Also when COMMIT itself fails: a number that was never on disk must be given again, for a peer counts on no gaps.
      this.#seq = before
      throw error
    }
  }

  #append(change: Change): Op {
    this.#seq += 1
    const op: Op = {
      origin: this.origin,
      seq: this.#seq,
      hlc: this.#clock.tick(),
      entity: change.entity,
      key: change.key,
      field: change.field,
      value: JSON.stringify(change.value ?? null),
      base: this.#version(change)
    }
    this.#statements
      .get(
        `INSERT INTO op (origin, seq, hlc, entity, key, field, value, base)
         VALUES (@origin, @seq, @hlc, @entity, @key, @field, @value, @base)`
      )
      .run(op)
    applyRow(this.#statements, op)
    this.#setVersion(op)
    return op
  }

  #version({ entity, key, field }: Change): string {
    const row = this.#statements
      .get('SELECT version FROM field_version WHERE entity = ? AND key = ? AND field = ?')
      .get(entity, key, field) as { version: string } | undefined
    return row?.version ?? ''
  }

  #setVersion(op: Op): void {
    if (isRowTable(op.entity)) return
    this.#statements
      .get(
        `INSERT INTO field_version (entity, key, field, version) VALUES (?, ?, ?, ?)
         ON CONFLICT (entity, key, field) DO UPDATE SET version = excluded.version`
      )
      .run(op.entity, op.key, op.field, `${op.hlc}/${op.origin}`)
    if (op.field === DELETED) {
      this.#db
        .prepare('DELETE FROM field_version WHERE entity = ? AND key = ? AND field <> ?')
        .run(op.entity, op.key, DELETED)
    }
  }

  #trim(before: number): void {
    if (Math.floor(before / 1000) === Math.floor(this.#seq / 1000)) return
    this.#db.prepare('DELETE FROM op WHERE origin = ? AND seq <= ?').run(this.origin, this.#seq - TAIL)
    trimEvents(this.#db)
  }
}

function originOf(db: Db, instance: string): string {
  const row = db.prepare("SELECT value FROM meta WHERE key = 'origin'").get() as { value: string } | undefined
  if (row !== undefined) return row.value
  const origin = `${instance}-${randomBytes(3).toString('hex')}`
  db.prepare("INSERT INTO meta (key, value) VALUES ('origin', ?)").run(origin)
  return origin
}
