import type { Db } from './database.ts'

/** Rows that are read at once: one at a time they take twice as long, all at once memory that the process never gives back. */
const CHUNK = 1000

/**
 * All rows of a table in the order of its key, for the start with a hundred thousand of them.
 * @param key the primary key's column, the first of those that are read.
 */
export function* tableRows(
  db: Db,
  table: string,
  key: string,
  columns: readonly string[]
): Iterable<readonly unknown[]> {
  const select = `SELECT ${columns.join(', ')} FROM ${table}`
  const order = `ORDER BY ${key} LIMIT ${CHUNK}`
  const next = db.prepare(`${select} WHERE ${key} > ? ${order}`).raw()
  let rows = db.prepare(`${select} ${order}`).raw().all() as unknown[][]
  while (rows.length > 0) {
    yield* rows
    rows = next.all(rows.at(-1)?.[0]) as unknown[][]
  }
}
