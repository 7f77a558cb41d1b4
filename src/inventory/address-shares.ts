import { type Ipv4, ipv4ToNumber } from '../net/ipv4.ts'
import type { Db } from './database.ts'
import type { Change, Op } from './oplog.ts'

/** The entity of the ops by which addresses change hands. */
const SHARE = 'share'

/** The two places in a pair: 0 is the instance that was there first, 1 the one that joined. */
export type Slot = 0 | 1

/**
 * The addresses of pools that one instance gave the other, which had none left: whose they are by now. Only whose an address is
 * writes that it is the other's, and counts it as that from then on: never are there two who think that it is theirs.
 */
export class AddressShares {
  readonly #db: Db
  readonly #slots = new Map<number, Slot>()

  constructor(db: Db) {
    this.#db = db
    this.#load()
  }

  /** Whose an address is; undefined where it never changed hands. */
  slotOf(address: Ipv4): Slot | undefined {
    return this.#slots.get(ipv4ToNumber(address))
  }

  /** The addresses that ever changed hands, as numbers. */
  entries(): Iterable<[address: number, slot: Slot]> {
    return this.#slots.entries()
  }

  /** Takes note of what was written, here or by the other instance. */
  note(ops: readonly Op[]): void {
    for (const { entity, key, value } of ops) {
      if (entity === SHARE) this.#slots.set(ipv4ToNumber(key as Ipv4), (JSON.parse(value) as { slot: Slot }).slot)
    }
  }

  /** Reads everything anew. */
  reload(): void {
    this.#slots.clear()
    this.#load()
  }

  #load(): void {
    const rows = this.#db.prepare('SELECT id, slot FROM share').all() as { id: Ipv4; slot: Slot }[]
    for (const { id, slot } of rows) this.#slots.set(ipv4ToNumber(id), slot)
  }
}

/** The addresses that changed hands by these writes. */
export function changedHands(ops: readonly Op[]): Ipv4[] {
  return ops.filter(({ entity }) => entity === SHARE).map(({ key }) => key as Ipv4)
}

/** The write by which an address becomes the other instance's. */
export function shareChange(address: Ipv4, slot: Slot): Change {
  return { entity: SHARE, key: address, field: 'row', value: { id: address, slot } }
}
