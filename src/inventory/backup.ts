import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'

const SUFFIX = '.backup-'

/**
 * Writes a whole copy of the inventory, as it is at one moment, into a file that isn't there yet (mode 0600, for it holds password
 * hashes). A thread of its own does it: meanwhile everything is served and written.
 * @param database the inventory's SQLite file.
 * @throws {Error} when it can't be written; then there is no file.
 */
export async function backUp(database: string, file: string): Promise<void> {
  closeSync(openSync(file, 'wx', 0o600))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  new Worker(new URL('./backup-thread.ts', import.meta.url), { workerData: { database, file } })
    .on('error', reject)
    .on('exit', (code) => (code === 0 ? resolve() : reject(new Error('the thread that writes the backup has ended'))))
  try {
    await promise
  } catch (error) {
    await rm(file, { force: true })
    throw error
  }
}

/** The name of a new backup beside the database. */
export function backupName(database: string): string {
  return `${database}${SUFFIX}${randomBytes(6).toString('hex')}`
}

/** Removes what a daemon left that ended while it wrote one. */
export function dropUnfinishedBackups(database: string): void {
  const folder = dirname(database)
  for (const name of readdirSync(folder))
    if (name.startsWith(`${basename(database)}${SUFFIX}`)) rmSync(join(folder, name), { force: true })
}
