import type { Statements } from './database.ts'
import { baseOf, DELETED, type Document, deletionOf, isGone, isPlain, presentValue, written } from './merge.ts'
import type { EntityKind } from './model.ts'
import type { Op } from './oplog.ts'
import { fieldsOf, readField, removeEntity, writeField } from './tables.ts'

type Version = { readonly field: string; readonly version: string; readonly actor: string }

/**
 * Writes ops into the entities' tables, this instance's and the other's alike. Most entities are plain: their tables hold
 * the values, `field_version` whose they are. The others have a document beside that: those written on both sides while
 * apart, and those deleted, for the other side may have gone on with one.
 */
export class Fields {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  apply(op: Op): void {
    const kind = op.entity as EntityKind
    const kept = this.#kept(kind, op.key)
    if (kept === undefined && op.field !== DELETED && this.#version(kind, op.key, op.field) === op.base) {
      this.#write(kind, op.key, op.field, op.value, versionOf(op), op.actor)
      return
    }
    const before = kept ?? this.#plain(kind, op.key)
    const { field, value, base, actor } = op
    this.#store(kind, op.key, before, written(before, { field, value, base, actor, version: versionOf(op) }))
  }

  /** The versions that a write from here builds on. @param settles whether it is a choice between all values. */
  base(kind: EntityKind, key: string, field: string, settles: boolean): string {
    const kept = this.#kept(kind, key)
    return kept === undefined ? this.#version(kind, key, field) : baseOf(kind, kept, field, settles)
  }

  /** What a deletion from here says that it takes along. */
  deletion(kind: EntityKind, key: string): object {
    return deletionOf(this.#kept(kind, key) ?? this.#plain(kind, key)) as object
  }

  /** Every entity with a history that matters still. */
  documents(): { kind: EntityKind; key: string; document: Document }[] {
    const rows = this.#statements.get('SELECT entity, key, fields FROM document ORDER BY entity, key').all()
    return (rows as { entity: EntityKind; key: string; fields: string }[]).map(({ entity, key, fields }) => ({
      kind: entity,
      key,
      document: JSON.parse(fields)
    }))
  }

  /** The history of an entity, where it matters. */
  kept(kind: EntityKind, key: string): Document | undefined {
    return this.#kept(kind, key)
  }

  /** An entity with all of its history. */
  document(kind: EntityKind, key: string): Document {
    return this.#kept(kind, key) ?? this.#plain(kind, key)
  }

  /** Puts an entity in the place of what is known of it. */
  replace(kind: EntityKind, key: string, document: Document): void {
    this.#store(kind, key, this.document(kind, key), document)
  }

  #store(kind: EntityKind, key: string, before: Document, after: Document): void {
    if (isGone(after)) {
      removeEntity(this.#statements, kind, key)
      this.#statements.get('DELETE FROM field_version WHERE entity = ? AND key = ?').run(kind, key)
    } else {
      const wasGone = isGone(before)
      const known = fieldsOf(kind)
      for (const [field, candidates] of Object.entries(after)) {
        const [latest] = candidates
        if (latest === undefined || !known.includes(field)) continue
        if (!wasGone && before[field] === candidates) continue
        const value = presentValue(kind, field, candidates)
        this.#write(kind, key, field, value, latest.version, latest.actor)
      }
    }
    if (isPlain(after)) {
      this.#statements.get('DELETE FROM document WHERE entity = ? AND key = ?').run(kind, key)
    } else {
      this.#statements
        .get('INSERT OR REPLACE INTO document (entity, key, fields) VALUES (?, ?, ?)')
        .run(kind, key, JSON.stringify(after))
    }
  }

  #write(kind: EntityKind, key: string, field: string, value: string, version: string, actor: string): void {
    writeField(this.#statements, kind, key, field, value)
    this.#statements
      .get(
        `INSERT INTO field_version (entity, key, field, version, actor) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (entity, key, field) DO UPDATE SET version = excluded.version, actor = excluded.actor`
      )
      .run(kind, key, field, version, actor)
  }

  #version(kind: EntityKind, key: string, field: string): string {
    const row = this.#statements
      .get('SELECT version FROM field_version WHERE entity = ? AND key = ? AND field = ?')
      .get(kind, key, field) as { version: string } | undefined
    return row?.version ?? ''
  }

  #kept(kind: EntityKind, key: string): Document | undefined {
    const row = this.#statements.get('SELECT fields FROM document WHERE entity = ? AND key = ?').get(kind, key)
    return row === undefined ? undefined : JSON.parse((row as { fields: string }).fields)
  }

  #plain(kind: EntityKind, key: string): Document {
    const versions = this.#statements
      .get('SELECT field, version, actor FROM field_version WHERE entity = ? AND key = ?')
      .all(kind, key) as Version[]
    const candidates = versions.map(({ field, version, actor }) => [
      field,
      [{ version, value: readField(this.#statements, kind, key, field), actor }]
    ])
    return Object.fromEntries(candidates)
  }
}

export function versionOf({ hlc, origin }: Pick<Op, 'hlc' | 'origin'>): string {
  return `${hlc}/${origin}`
}
