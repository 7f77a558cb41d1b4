import { type Db, frozen, Statements } from './database.ts'
import { Fields } from './fields.ts'
import type { Document } from './merge.ts'
import { ENTITY_KINDS, type EntityKind, GLOBAL, KEY_FIELD } from './model.ts'
import type { OpLog, Vector } from './oplog.ts'

/** A piece of the inventory as another instance is sent it. */
export type SnapshotPart = {
  readonly documents?: readonly { readonly kind: EntityKind; readonly key: string; readonly document: Document }[]
  readonly rows?: { readonly table: string; readonly rows: readonly Row[] }
}

/** The whole inventory as it was at one moment. */
export type Whole = {
  /** Of entities and rows. */
  readonly total: number
  /** The writes that are in it. */
  readonly seen: Vector
  readonly hlc: string
  readonly parts: Iterator<SnapshotPart>
  close(): void
}

type Row = Readonly<Record<string, unknown>>

/** Entities in a piece, and rows: some milliseconds of reading. */
const ENTITIES = 50
const ROWS = 500
/** What is sent row by row, with its key. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  attempt: ['id'],
  token: ['id'],
  event: ['id'],
  share: ['id'],
  unknown_op: ['origin', 'seq']
}

/** The whole inventory as it is now, to be sent while it is written on. */
export function wholeOf(db: Db, log: OpLog): Whole {
  const copy = frozen(db)
  return {
    total: sizeOf(copy),
    seen: log.seen(),
    hlc: log.latest,
    parts: partsOf(copy),
    close: () => copy.close()
  }
}

/** How many entities and rows there are. */
function sizeOf(db: Db): number {
  const tables = [...ENTITY_KINDS, 'document', ...Object.keys(TABLES)]
  return tables.reduce((sum, table) => sum + (db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number), 0)
}

function* partsOf(db: Db): Generator<SnapshotPart> {
  const fields = new Fields(new Statements(db))
  for (const kind of ENTITY_KINDS) {
    const field = KEY_FIELD[kind]
    for (const rows of pages(db, kind, [field], ENTITIES)) yield documents(fields, kind, rows, field)
  }
  // Also those of what is gone.
  for (const rows of pages(db, 'document', ['entity', 'key'], ENTITIES)) {
    for (const kind of ENTITY_KINDS) {
      const own = rows.filter(({ entity }) => entity === kind)
      if (own.length > 0) yield documents(fields, kind, own, 'key')
    }
  }
  for (const [table, key] of Object.entries(TABLES)) {
    for (const rows of pages(db, table, key, ROWS)) yield { rows: { table, rows } }
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

export function putPart(db: Db, { documents: entities = [], rows }: SnapshotPart): void {
  const statements = new Statements(db)
  const fields = new Fields(statements)
  db.transaction(() => {
    for (const { kind, key, document } of entities) fields.replace(kind, key, document)
    const known = rows && TABLES[rows.table] ? columnsOf(db, rows.table) : []
    for (const row of rows?.rows ?? []) {
      const names = Object.keys(row).filter((name) => known.includes(name))
      if (names.length === 0) continue
      statements
        .get(`INSERT OR REPLACE INTO ${rows?.table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
        .run(...names.map((name) => row[name]))
    }
  }).immediate()
}

/** A newer version may have more; what can't be done without raises the protocol's number. */
function columnsOf(db: Db, table: string): readonly string[] {
  return db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[]
}

function documents(fields: Fields, kind: EntityKind, rows: readonly Row[], field: string): SnapshotPart {
  const keys = rows.map((row) => row[field] as string)
  return { documents: keys.map((key) => ({ kind, key, document: fields.document(kind, key) })) }
}

/** A table's rows in the order of its key, page by page. */
function* pages(db: Db, table: string, key: readonly string[], size: number): Iterable<readonly Row[]> {
  const columns = key.join(', ')
  const places = key.map(() => '?').join(', ')
  const first = db.prepare(`SELECT * FROM ${table} ORDER BY ${columns} LIMIT ${size}`)
  const next = db.prepare(`SELECT * FROM ${table} WHERE (${columns}) > (${places}) ORDER BY ${columns} LIMIT ${size}`)
  let rows = first.all() as Row[]
  for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
    yield rows
    const from = last
    rows = next.all(...key.map((column) => from[column])) as Row[]
  }
}
