import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Now } from './clock.ts'
import type { Db } from './database.ts'

export type BootStage = 'firmware' | 'ipxe' | 'os'

/** An address that a client holds, or held until it expired. */
export type Lease = {
  readonly address: Ipv4
  readonly mac: Mac
  /** Option 61, hexadecimal. */
  readonly clientId: string | null
  readonly hostName: string | null
  /** Who took it last: a firmware, iPXE, or anything else. */
  readonly stage: BootStage
  /** What the firmware of this boot was sent to load; null where none was, and where iPXE was there already, in a card's ROM. */
  readonly loader: string | null
  /** Milliseconds since the epoch: of the first ACK to this client, of the latest, and of the end. */
  readonly startedAt: number
  readonly grantedAt: number
  readonly expiresAt: number
  /** The instance that granted it. */
  readonly owner: string
  /** Counts the ACKs; a row with a greater version replaces one with a lesser. */
  readonly version: number
}

export type LeaseGrant = {
  address: Ipv4
  mac: Mac
  clientId?: string | undefined
  hostName?: string | undefined
  /** Default os. */
  stage?: BootStage
  /** Of a firmware. */
  loader?: string | undefined
  seconds: number
}

/** How long an offered address is kept for the client that it was offered to. */
const HOLD_MS = 60_000

/** The leases: read from memory, written in one transaction a batch. */
export class Leases {
  readonly #db: Db
  readonly #now: Now
  readonly #owner: string
  readonly #byAddress = new Map<string, Lease>()
  /** By client and address, in the order in which they were granted. */
  readonly #byMac = new Map<string, Map<string, Lease>>()
  readonly #holds = new Map<string, { mac: Mac; until: number }>()
  /** The same by client: the address each was offered last. */
  readonly #offered = new Map<string, Ipv4>()

  constructor(db: Db, owner: string, now: Now) {
    this.#db = db
    this.#now = now
    this.#owner = owner
    type Row = Record<'address' | 'mac' | 'client_id' | 'host_name' | 'stage' | 'loader' | 'owner', string> &
      Record<'started_at' | 'granted_at' | 'expires_at' | 'version', number>
    for (const row of db.prepare('SELECT * FROM lease ORDER BY granted_at').all() as Row[]) {
      this.#keep({
        address: row.address as Ipv4,
        mac: row.mac as Mac,
        clientId: row.client_id,
        hostName: row.host_name,
        stage: row.stage as BootStage,
        loader: row.loader,
        startedAt: row.started_at,
        grantedAt: row.granted_at,
        expiresAt: row.expires_at,
        owner: row.owner,
        version: row.version
      })
    }
  }

  /** All rows, the expired ones too, by address as text. */
  list(): Lease[] {
    return [...this.#byAddress.values()]
  }

  isActive(lease: Lease): boolean {
    return lease.expiresAt > this.#now()
  }

  /** The lease that an address is under now. */
  active(address: Ipv4): Lease | undefined {
    const lease = this.#byAddress.get(address)
    return lease && this.isActive(lease) ? lease : undefined
  }

  /** All that a MAC holds or held, the one granted last first. */
  ofMac(mac: string): Lease[] {
    return [...(this.#byMac.get(mac)?.values() ?? [])].reverse()
  }

  /** The lease that a MAC was granted last of those that still run: where it is now, whatever it held for longer before. */
  activeOfMac(mac: string): Lease | undefined {
    return this.ofMac(mac).find((lease) => this.isActive(lease))
  }

  /** Tells a client's handshakes apart: the lease it was granted last, be it expired, and its version; empty when it never had one. */
  handshakeOf(mac: string): string {
    const [last] = this.ofMac(mac)
    return last ? `${last.address}/${last.version}` : ''
  }

  /** Whether somebody else than this client holds the address, or was just offered it. */
  isTaken(address: Ipv4, mac: Mac): boolean {
    const lease = this.active(address)
    if (lease !== undefined && lease.mac !== mac) return true
    const hold = this.#holds.get(address)
    return hold !== undefined && hold.mac !== mac && hold.until > this.#now()
  }

  /** Keeps an offered address for its client for a minute: no more holds than addresses, no more offers than holds. */
  hold(address: Ipv4, mac: Mac): void {
    this.#release(address)
    const other = this.#offered.get(mac)
    if (other !== undefined) this.#release(other)
    this.#holds.set(address, { mac, until: this.#now() + HOLD_MS })
    this.#offered.set(mac, address)
  }

  /** The usable address that was offered to a client a short while ago. */
  heldBy(mac: Mac, usable: (address: Ipv4) => boolean): Ipv4 | undefined {
    const address = this.#offered.get(mac)
    return address !== undefined && usable(address) ? address : undefined
  }

  /** Writes granted leases in one transaction; on return they are on disk. */
  grant(grants: readonly LeaseGrant[]): void {
    const now = this.#now()
    const batch = new Map<string, Lease>()
    for (const grant of grants) {
      const before = batch.get(grant.address) ?? this.#byAddress.get(grant.address)
      const same = before?.mac === grant.mac
      batch.set(grant.address, {
        address: grant.address,
        mac: grant.mac,
        clientId: grant.clientId ?? null,
        hostName: grant.hostName ?? null,
        stage: grant.stage ?? 'os',
        loader: loaderOf(grant, same ? before : undefined),
        startedAt: same && before ? before.startedAt : now,
        grantedAt: now,
        expiresAt: now + grant.seconds * 1000,
        owner: this.#owner,
        version: (before?.version ?? 0) + 1
      })
    }
    const upsert = this.#db.prepare(
      `INSERT OR REPLACE INTO lease
         (address, mac, client_id, host_name, stage, loader, started_at, granted_at, expires_at, owner, version)
       VALUES (@address, @mac, @clientId, @hostName, @stage, @loader, @startedAt, @grantedAt, @expiresAt, @owner, @version)`
    )
    this.#db
      .transaction(() => {
        for (const lease of batch.values()) upsert.run(lease)
      })
      .immediate()
    for (const lease of batch.values()) {
      this.#release(lease.address)
      this.#keep(lease)
    }
  }

  #release(address: Ipv4): void {
    const hold = this.#holds.get(address)
    if (hold === undefined) return
    this.#holds.delete(address)
    this.#offered.delete(hold.mac)
  }

  #keep(lease: Lease): void {
    const before = this.#byAddress.get(lease.address)
    if (before !== undefined) {
      const siblings = this.#byMac.get(before.mac)
      siblings?.delete(before.address)
      if (siblings?.size === 0) this.#byMac.delete(before.mac)
    }
    this.#byAddress.set(lease.address, lease)
    const own = this.#byMac.get(lease.mac) ?? new Map<string, Lease>()
    own.delete(lease.address)
    own.set(lease.address, lease)
    this.#byMac.set(lease.mac, own)
  }
}

/** iPXE that follows a firmware's handshake was loaded by it. */
function loaderOf(grant: LeaseGrant, before: Lease | undefined): string | null {
  if (grant.stage === 'firmware') return grant.loader ?? null
  return grant.stage === 'ipxe' && before?.stage === 'firmware' ? before.loader : null
}
