import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Db } from './database.ts'
import type { Edit } from './edits.ts'
import type { Interface } from './model.ts'

/**
 * Fixed addresses that were taken from machines while the other instance couldn't be told: it goes on giving them to those
 * machines, so nobody else may have one until it knows.
 */
export class FreedAddresses {
  readonly #db: Db
  readonly #addresses = new Map<number, { mac: Mac; seq: number }>()

  constructor(db: Db) {
    this.#db = db
    const rows = db.prepare('SELECT address, mac, seq FROM freed').all() as { address: Ipv4; mac: Mac; seq: number }[]
    for (const { address, mac, seq } of rows) this.#addresses.set(ipv4ToNumber(address), { mac, seq })
  }

  has(address: Ipv4): boolean {
    return this.#addresses.has(ipv4ToNumber(address))
  }

  /** The addresses, and who had them. */
  *entries(): Iterable<{ address: Ipv4; mac: Mac }> {
    for (const [address, { mac }] of this.#addresses) yield { address: ipv4FromNumber(address), mac }
  }

  /** Takes note of what edits take from machines. @param seq the number of their last op. */
  note(edits: readonly Edit[], before: (machine: string) => readonly Interface[], seq: number): void {
    for (const { kind, key, fields, action } of edits) {
      if (kind !== 'machine' || action === 'create') continue
      const after = fields.find(({ field }) => field === 'interfaces')?.after as readonly Interface[] | undefined
      if (action !== 'delete' && after === undefined) continue
      for (const { mac, ipv4 } of before(key)) {
        if (ipv4 === null || after?.some((each) => each.mac === mac && each.ipv4 === ipv4)) continue
        this.#addresses.set(ipv4ToNumber(ipv4), { mac, seq })
        this.#db.prepare('INSERT OR REPLACE INTO freed (address, mac, seq) VALUES (?, ?, ?)').run(ipv4, mac, seq)
      }
    }
  }

  /** The other instance knows of ops up to a number. */
  acknowledged(seq: number): void {
    const known = [...this.#addresses].filter(([, freed]) => freed.seq <= seq)
    if (known.length === 0) return
    for (const [address] of known) this.#addresses.delete(address)
    this.#db.prepare('DELETE FROM freed WHERE seq <= ?').run(seq)
  }

  /** Nobody else gives addresses any more. */
  clear(): void {
    this.acknowledged(Number.MAX_SAFE_INTEGER)
  }
}
