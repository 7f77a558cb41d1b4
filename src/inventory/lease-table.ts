import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../net/ipv4.ts'
import { type Mac, macFromNumber, macToNumber } from '../net/mac.ts'
import { ClientChains } from './client-chains.ts'
import { roomFor } from './columns.ts'
import type { BootStage, Lease, LeaseState } from './lease.ts'
import { NumberMap } from './number-map.ts'

const STATES: readonly LeaseState[] = ['bound', 'released', 'declined']
const STAGES: readonly BootStage[] = ['firmware', 'ipxe', 'os']
/** The numbers of a row, in their order. */
const NUMBERS = 10
const [ADDRESS, MAC, STATE, STAGE, STARTED_AT, GRANTED_AT, EXPIRES_AT, VERSION] = [0, 1, 2, 3, 4, 5, 6, 7] as const
const [CHANGE, KNOWN_UNTIL] = [8, 9] as const
/** Client identifier, host name, loader and owner. */
const TEXTS = 4

/** Leases of a client that are looked through: whoever takes one address of a large pool after the other had thousands. */
const MOST = 16

/**
 * All leases, one an address, as rows of numbers: a hundred thousand are some sixteen megabytes, most of which the garbage collector
 * needn't look through; as objects they are forty-four. Each address has a row for good; a `Lease` is made of it when one is asked for.
 */
export class LeaseTable {
  readonly #rows = new NumberMap<number>()
  readonly #clients = new ClientChains()
  #numbers = new Float64Array()
  readonly #texts: (string | null)[] = []
  /** The one that was made last: a packet's answer looks at the same one several times. */
  #made: { readonly row: number; readonly lease: Lease } | undefined

  /** The rows are numbered from 0. */
  get size(): number {
    return this.#rows.size
  }

  /** An address's row. */
  rowOf(address: Ipv4): number | undefined {
    return this.#rows.get(ipv4ToNumber(address))
  }

  at(row: number): Lease {
    if (this.#made?.row !== row) this.#made = { row, lease: this.#leaseAt(row) }
    return this.#made.lease
  }

  addressAt(row: number): number {
    return this.#number(row, ADDRESS)
  }

  /** 48 bits. */
  macAt(row: number): number {
    return this.#number(row, MAC)
  }

  stateAt(row: number): LeaseState {
    return STATES[this.#number(row, STATE)] as LeaseState
  }

  changeAt(row: number): number {
    return this.#number(row, CHANGE)
  }

  /** Milliseconds since the epoch. */
  endAt(row: number): number {
    return this.#number(row, EXPIRES_AT)
  }

  /** What a client holds or held, the latest sixteen, the one granted last first. */
  ofMac(mac: Mac): Lease[] {
    const leases: Lease[] = []
    this.latestOf(mac, (lease) => leases.push(lease) < 0)
    return leases
  }

  /** The first of these that fits. */
  latestOf(mac: Mac, fits: (lease: Lease) => boolean): Lease | undefined {
    let row = this.#clients.first(macToNumber(mac))
    for (let looked = 0; row >= 0 && looked < MOST; looked += 1) {
      const lease = this.at(row)
      if (fits(lease)) return lease
      row = this.#clients.next(row)
    }
    return undefined
  }

  /**
   * Puts a lease in the place of its address's last one. A grant makes it its client's latest; the end of a lease is none.
   * @returns its row.
   */
  put(lease: Lease): number {
    const known = this.rowOf(lease.address)
    const row = known ?? this.#add(lease.address)
    const mac = macToNumber(lease.mac)
    const isOwn = known !== undefined && this.macAt(row) === mac
    const stays = isOwn && (lease.state !== 'bound' || this.#clients.first(mac) === row)
    if (known !== undefined && !stays) this.#clients.remove(row, this.macAt(row))
    this.#write(row, lease, mac)
    if (!stays) this.#clients.add(row, mac)
    return row
  }

  /** Fills an empty table with leases in any order. */
  fill(leases: Iterable<Lease>): void {
    for (const lease of leases) this.#write(this.#add(lease.address), lease, macToNumber(lease.mac))
    const rows = Uint32Array.from({ length: this.size }, (_, row) => row)
    rows.sort((a, b) => this.#number(a, GRANTED_AT) - this.#number(b, GRANTED_AT))
    for (const row of rows) this.#clients.add(row, this.macAt(row))
  }

  #add(address: Ipv4): number {
    const row = this.size
    const number = ipv4ToNumber(address)
    this.#rows.set(number, row)
    this.#numbers = roomFor(row * NUMBERS + NUMBERS - 1, this.#numbers)
    this.#numbers[row * NUMBERS + ADDRESS] = number
    return row
  }

  #write(row: number, lease: Lease, mac: number): void {
    this.#made = undefined
    const numbers = this.#numbers
    const start = row * NUMBERS
    numbers[start + MAC] = mac
    numbers[start + STATE] = STATES.indexOf(lease.state)
    numbers[start + STAGE] = STAGES.indexOf(lease.stage)
    numbers[start + STARTED_AT] = lease.startedAt
    numbers[start + GRANTED_AT] = lease.grantedAt
    numbers[start + EXPIRES_AT] = lease.expiresAt
    numbers[start + VERSION] = lease.version
    numbers[start + CHANGE] = lease.change
    numbers[start + KNOWN_UNTIL] = lease.knownUntil
    const texts = row * TEXTS
    this.#texts[texts] = lease.clientId
    this.#texts[texts + 1] = lease.hostName
    this.#texts[texts + 2] = lease.loader
    this.#texts[texts + 3] = lease.owner
  }

  #leaseAt(row: number): Lease {
    const texts = row * TEXTS
    return {
      address: ipv4FromNumber(this.addressAt(row)),
      mac: macFromNumber(this.macAt(row)),
      clientId: this.#texts[texts] as string | null,
      hostName: this.#texts[texts + 1] as string | null,
      state: this.stateAt(row),
      stage: STAGES[this.#number(row, STAGE)] as BootStage,
      loader: this.#texts[texts + 2] as string | null,
      startedAt: this.#number(row, STARTED_AT),
      grantedAt: this.#number(row, GRANTED_AT),
      expiresAt: this.endAt(row),
      owner: this.#texts[texts + 3] as string,
      version: this.#number(row, VERSION),
      change: this.#number(row, CHANGE),
      knownUntil: this.#number(row, KNOWN_UNTIL)
    }
  }

  #number(row: number, field: number): number {
    return this.#numbers[row * NUMBERS + field] as number
  }
}
