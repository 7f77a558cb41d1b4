import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Db } from './database.ts'
import type { BootStage, Lease, LeaseState } from './leases.ts'

const COLUMNS = [
  ...['address', 'mac', 'client_id', 'host_name', 'state', 'stage', 'loader'],
  ...['started_at', 'granted_at', 'expires_at', 'owner', 'version']
]

/** Rows of addresses that nobody came back for are kept so long, milliseconds: until then a client gets its old address again. */
const KEPT_MS = 30 * 86_400_000

/** All that is kept, the one granted last at the end; what ended long ago is dropped. */
export function loadLeases(db: Db, now: number): Lease[] {
  db.prepare('DELETE FROM lease WHERE expires_at < ?').run(now - KEPT_MS)
  const rows = db
    .prepare(`SELECT ${COLUMNS.join(', ')} FROM lease ORDER BY granted_at`)
    .raw()
    .iterate()
  const leases: Lease[] = []
  for (const row of rows as IterableIterator<unknown[]>) leases.push(leaseOf(row))
  return leases
}

/** @returns what writes leases in one transaction; they are on disk when it returns. */
export function leaseWriter(db: Db): (leases: readonly Lease[]) => void {
  const upsert = db.prepare(
    `INSERT OR REPLACE INTO lease (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`
  )
  const write = db.transaction((leases: readonly Lease[]) => {
    for (const each of leases) {
      const { address, mac, clientId, hostName, state, stage, loader, startedAt, grantedAt, expiresAt } = each
      const client = [address, mac, clientId, hostName, state, stage, loader]
      upsert.run(...client, startedAt, grantedAt, expiresAt, each.owner, each.version)
    }
  })
  return (leases) => write.immediate(leases)
}

function leaseOf(row: unknown[]): Lease {
  const [address, mac, clientId, hostName, state, stage, loader, startedAt, grantedAt, expiresAt, owner, version] = row
  return {
    address: address as Ipv4,
    mac: mac as Mac,
    clientId: clientId as string | null,
    hostName: hostName as string | null,
    state: state as LeaseState,
    stage: stage as BootStage,
    loader: loader as string | null,
    startedAt: startedAt as number,
    grantedAt: grantedAt as number,
    expiresAt: expiresAt as number,
    owner: owner as string,
    version: version as number
  }
}
