import { hash, randomBytes } from 'node:crypto'
import type { Db } from './database.ts'
import type { Change } from './oplog.ts'

/** A new secret: 256 random bits in URL-safe text. Only its hash is stored. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

export function hashSecret(secret: string): string {
  return hash('sha256', secret)
}

/** An administrator's token, as a change for the op-log. */
export function apiTokenChange(name: string, secret: string, now: number): Change {
  const id = randomBytes(6).toString('hex')
  const row = { id, kind: 'api', hash: hashSecret(secret), name, attempt: null, created_at: now }
  return { entity: 'token', key: id, field: 'row', value: row }
}

/** The API tokens, as the changes that make them. */
export function apiTokenChanges(db: Db): Change[] {
  const rows = db.prepare("SELECT * FROM token WHERE kind = 'api'").all() as { id: string }[]
  return rows.map((row) => ({ entity: 'token', key: row.id, field: 'row', value: row }))
}

/** The name of the API token with this secret; undefined when there is none. The look-up is by hash, so its time tells nothing. */
export function apiTokenName(db: Db, secret: string): string | undefined {
  const row = db.prepare("SELECT name FROM token WHERE hash = ? AND kind = 'api'").get(hashSecret(secret))
  return (row as { name: string } | undefined)?.name
}
