import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Db } from './inventory/database.ts'
import type { Inventory } from './inventory/inventory.ts'
import { apiTokenChange, apiTokenName, newSecret } from './inventory/tokens.ts'

/** The files in the state folder by which the command line finds the service. */
export const TOKEN_FILE = 'admin.token'
export const URL_FILE = 'admin.url'
export const CERTIFICATE_FILE = 'admin.crt'

/** Sees to it that the state folder has the token of an administrator, in a file that only its owner reads (mode 0600). */
export async function ensureAdminToken(state: string, db: Db, inventory: Inventory, now: number): Promise<void> {
  const path = join(state, TOKEN_FILE)
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  if (kept !== '' && apiTokenName(db, kept) !== undefined) return
  const secret = newSecret()
  await inventory.write([apiTokenChange('admin', secret, now)])
  writeFileSync(path, `${secret}\n`, { mode: 0o600 })
}

/** @returns the admin side's URL, also left in the state folder. */
export function writeAdminUrl(state: string, address: string, port: number): string {
  const url = `https://${address === '0.0.0.0' ? '127.0.0.1' : address}:${port}`
  writeFileSync(join(state, URL_FILE), `${url}\n`)
  return url
}
