import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Db } from './database.ts'
import type { BootStage, Lease, LeaseState } from './lease.ts'
import { SharedWords } from './shared-words.ts'
import { tableRows } from './table-rows.ts'

const COLUMNS = [
  ...['address', 'mac', 'client_id', 'host_name', 'state', 'stage', 'loader'],
  ...['started_at', 'granted_at', 'expires_at', 'owner', 'version', 'change', 'known_until']
]

/** Rows of addresses that nobody came back for are kept so long, milliseconds: until then a client gets its old address again. */
const KEPT_MS = 30 * 86_400_000

/** All that is kept, in the order of the addresses' texts; what ended long ago is dropped. */
export function* loadLeases(db: Db, now: number): Iterable<Lease> {
  db.prepare('DELETE FROM lease WHERE expires_at < ?').run(now - KEPT_MS)
  const words = new SharedWords()
  for (const row of tableRows(db, 'lease', 'address', COLUMNS)) yield leaseOf(row, words)
}

/** A lease as its columns' values: what is handed to the thread that writes, for objects take twice as long. */
export type LeaseRow = readonly (string | number | null)[]

export function rowOf(lease: Lease): LeaseRow {
  const { address, mac, clientId, hostName, state, stage, loader } = lease
  const { startedAt, grantedAt, expiresAt, owner, version, change, knownUntil } = lease
  return [
    ...[address, mac, clientId, hostName, state, stage, loader, startedAt, grantedAt, expiresAt, owner],
    ...[version, change, knownUntil]
  ]
}

/** What is written at once: rows, and how many of this instance's changes the other one has. */
export type LeaseBatch = { readonly rows: readonly LeaseRow[]; readonly acknowledged?: number | undefined }

/** How many of this instance's changes the other one had when leases were last written. */
export function acknowledgedChanges(db: Db): number {
  const row = db.prepare("SELECT value FROM meta WHERE key = 'lease_acknowledged'").get() as
    | { value: string }
    | undefined
  return Number(row?.value ?? 0)
}

/** @returns what writes rows in one transaction; they are on disk when it returns. */
export function leaseWriter(db: Db): (batch: LeaseBatch) => void {
  const upsert = db.prepare(
    `INSERT OR REPLACE INTO lease (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`
  )
  const acknowledge = db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('lease_acknowledged', ?)")
  let last = 0
  const write = db.transaction(({ rows, acknowledged }: LeaseBatch) => {
    for (const row of rows) upsert.run(...row)
    if (acknowledged !== undefined && acknowledged !== last) acknowledge.run(String(acknowledged))
  })
  return (batch) => {
    write.immediate(batch)
    last = batch.acknowledged ?? last
  }
}

export function leaseOf(row: readonly unknown[], words: SharedWords): Lease {
  const [address, mac, clientId, hostName, state, stage, loader, startedAt, grantedAt, expiresAt, owner, ...counts] =
    row
  const [version, change, knownUntil] = counts
  return {
    address: address as Ipv4,
    mac: mac as Mac,
    clientId: clientId as string | null,
    hostName: hostName as string | null,
    state: words.shared(state as LeaseState),
    stage: words.shared(stage as BootStage),
    loader: loader === null ? null : words.shared(loader as string),
    startedAt: startedAt as number,
    grantedAt: grantedAt as number,
    expiresAt: expiresAt as number,
    owner: words.shared(owner as string),
    version: version as number,
    change: change as number,
    knownUntil: knownUntil as number
  }
}
