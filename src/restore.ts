import { constants, copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { DatabaseError, openDatabase } from './inventory/database.ts'
import { forgetOrigin } from './inventory/oplog.ts'

/** A backup can't take the inventory's place; the message is one line for the operator. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError'
}

/** What was restored, and where the inventory is that was there before. */
export type Restored = { readonly machines: number; readonly leases: number; readonly before: string | undefined }

/**
 * Puts a backup in the place of a state folder's inventory, whose daemon doesn't run; what was there stays beside it. The copy
 * begins under a new origin: numbers of writes that the other instance of a pair knows are never given again.
 * @throws {RestoreError}
 */
export function restore(file: string, state: string, now = new Date()): Restored {
  const present = join(state, 'tandem.sqlite')
  const copy = `${present}.restoring`
  assertBackup(file)
  assertUnused(present)
  mkdirSync(state, { recursive: true, mode: 0o750 })
  try {
    rmSync(copy, { force: true })
    copyFileSync(file, copy, constants.COPYFILE_EXCL)
    const counts = prepare(copy)
    const time = now.toISOString().replace(/[-:]|\.\d+/g, '')
    const before = existsSync(present) ? `${present}.before-${time}` : undefined
    // At each moment, also of a power cut, there is one or the other under the name.
    if (before !== undefined) linkSync(present, before)
    renameSync(copy, present)
    return { ...counts, before }
  } catch (error) {
    if (error instanceof DatabaseError) throw new RestoreError(error.message)
    throw error
  } finally {
    for (const rest of ['', '-wal', '-shm']) rmSync(`${copy}${rest}`, { force: true })
  }
}

function assertBackup(file: string): void {
  if (!existsSync(file)) throw new RestoreError(`there is no file ${file}`)
  try {
    const db = new Database(file, { readonly: true })
    const isOurs = db.prepare("SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'op', 'lease')").pluck().get()
    const integrity = db.pragma('integrity_check', { simple: true })
    db.close()
    if (isOurs !== 3) throw new RestoreError(`${file} is no backup of Tandem`)
    if (integrity !== 'ok') throw new RestoreError(`${file} is damaged (${integrity})`)
  } catch (error) {
    if (error instanceof RestoreError) throw error
    throw new RestoreError(`${file} is no backup of Tandem, or is damaged (${(error as Error).message})`)
  }
}

/** A database leaves WAL mode only when no other connection is open; what its log holds is in the file then. */
function assertUnused(present: string): void {
  if (!existsSync(present)) return
  const db = new Database(present, { timeout: 0 })
  try {
    db.pragma('journal_mode = DELETE')
  } catch {
    throw new RestoreError(`${present} is in use: stop the daemon first`)
  } finally {
    db.close()
  }
}

function prepare(copy: string): { machines: number; leases: number } {
  const db = openDatabase(copy)
  const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number
  forgetOrigin(db)
  const counts = { machines: count('machine'), leases: count('lease') }
  db.pragma('journal_mode = DELETE')
  db.close()
  return counts
}
