import { closeSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import { MIGRATIONS } from './migrations.ts'

export type Db = Database.Database

/** Compiles each of a database's few statements once: that takes longer than to run one. */
export class Statements {
  readonly #db: Db
  readonly #prepared = new Map<string, Database.Statement>()

  constructor(db: Db) {
    this.#db = db
  }

  get(sql: string): Database.Statement {
    const known = this.#prepared.get(sql)
    if (known) return known
    const statement = this.#db.prepare(sql)
    this.#prepared.set(sql, statement)
    return statement
  }
}

/** The file can't be opened as this version's inventory; the message is one line for the operator. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
}

/**
 * Opens the inventory's SQLite file (created with mode 0600, for it holds password hashes), in WAL mode with
 * `synchronous=FULL`: what a transaction committed survives a power cut. Runs the migrations that
 * are due. `:memory:` is for tests.
 * @throws {DatabaseError}
 */
export function openDatabase(path: string): Db {
  let db: Db | undefined
  try {
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
    db = connect(path)
    migrate(db)
    return db
  } catch (error) {
    db?.close()
    if (error instanceof DatabaseError) throw error
    throw new DatabaseError(`cannot open the inventory ${path}: ${(error as Error).message}`)
  }
}

/** A connection to a file whose schema is there already: WAL, and what a transaction committed is on disk. */
export function connect(path: string): Db {
  const db = new Database(path, { timeout: 2000 })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  // KiB. What is read often is in the daemon's own memory.
  db.pragma('cache_size = -4000')
  return db
}

/**
 * A connection of its own that goes on seeing the database as it is now, whatever is written meanwhile. It is to be closed soon: until
 * then the WAL grows.
 */
export function frozen(db: Db): Db {
  if (db.memory) return new Database(db.serialize())
  const copy = new Database(db.name, { readonly: true, timeout: 2000 })
  copy.exec('BEGIN')
  // What a transaction sees is settled when it first reads.
  copy.prepare('SELECT count(*) FROM meta').get()
  return copy
}

function migrate(db: Db): void {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > MIGRATIONS.length) {
    throw new DatabaseError(
      `the inventory is of a newer Tandem (schema ${version}, this one knows ${MIGRATIONS.length}): start that version, or restore a backup`
    )
  }
  const run = db.transaction((index: number) => {
    db.exec(MIGRATIONS[index] as string)
    db.pragma(`user_version = ${index + 1}`)
  })
  for (let index = version; index < MIGRATIONS.length; index += 1) run.immediate(index)
}
