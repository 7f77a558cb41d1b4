import type { Db } from './database.ts'
import { Statements } from './database.ts'
import { Fields } from './fields.ts'
import type { Document } from './merge.ts'
import { ENTITY_KINDS, type EntityKind, GLOBAL, KEY_FIELD } from './model.ts'
import type { OpLog } from './oplog.ts'

/** A piece of the inventory as another instance is sent it. */
export type SnapshotPart = {
  readonly documents?: readonly { readonly kind: EntityKind; readonly key: string; readonly document: Document }[]
  readonly rows?: { readonly table: string; readonly rows: readonly Record<string, unknown>[] }
}

/** Entities or rows in a piece: some milliseconds of reading. */
const PIECE = 200
/** What is sent row by row, with the columns that its rows are in the order of. */
const TABLES = {
  attempt: 'id',
  token: 'id',
  event: 'id',
  unknown_op: 'origin, seq',
  share: 'id',
  instance: 'id'
} as const

/** How many entities and rows there are. */
export function snapshotSize(db: Db): number {
  const tables = [...ENTITY_KINDS, 'document', ...Object.keys(TABLES)]
  return tables.reduce((sum, table) => sum + (db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number), 0)
}

/**
 * The whole inventory, piece by piece. Each piece is as the inventory is when it is asked for; what is written
 * afterwards has to be sent after it.
 */
export function* snapshotParts(db: Db, log: OpLog): Iterable<SnapshotPart> {
  for (const kind of ENTITY_KINDS) {
    const keys = db.prepare(`SELECT ${KEY_FIELD[kind]} FROM ${kind}`).pluck().all() as string[]
    for (const piece of pieces(keys)) {
      yield { documents: piece.map((key) => ({ kind, key, document: log.fields.document(kind, key) })) }
    }
  }
  for (const piece of pieces(log.fields.documents())) yield { documents: piece }
  for (const [table, order] of Object.entries(TABLES)) {
    const rows = db.prepare(`SELECT * FROM ${table} ORDER BY ${order}`).all() as Record<string, unknown>[]
    for (const piece of pieces(rows)) yield { rows: { table, rows: piece } }
  }
}

/**
 * Drops what the other instance is about to send. What this one wrote and the other doesn't have stays in the log, and
 * administrators' tokens are good meanwhile.
 */
export function dropAll(db: Db): void {
  const tables = [...ENTITY_KINDS, 'interface', 'field_version', 'document', ...Object.keys(TABLES)]
  db.transaction(() => {
    for (const table of tables) db.exec(`DELETE FROM ${table} ${table === 'token' ? "WHERE kind <> 'api'" : ''}`)
    // There is always one, written or not.
    db.prepare('INSERT INTO global (name) VALUES (?)').run(GLOBAL)
  }).immediate()
}

export function putPart(db: Db, { documents = [], rows }: SnapshotPart): void {
  const statements = new Statements(db)
  const fields = new Fields(statements)
  db.transaction(() => {
    for (const { kind, key, document } of documents) fields.replace(kind, key, document)
    for (const row of rows?.rows ?? []) {
      const names = Object.keys(row)
      statements
        .get(`INSERT OR REPLACE INTO ${rows?.table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
        .run(...Object.values(row))
    }
  }).immediate()
}

function* pieces<T>(items: readonly T[]): Iterable<readonly T[]> {
  for (let start = 0; start < items.length; start += PIECE) yield items.slice(start, start + PIECE)
}
