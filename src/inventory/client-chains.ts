import { randomInt } from 'node:crypto'
import { roomFor } from './columns.ts'

/** The end of a chain. */
const NONE = -1

/** Odd, and nobody's who picks MAC addresses: they shall not be able to make one chain of all. */
const SEED = randomInt(2 ** 31) * 2 + 1

/**
 * The rows of each client, the one added last first. Clients whose MACs fall on the same 32 bits share a chain, so
 * whoever follows one looks at the MAC of each row.
 */
export class ClientChains {
  readonly #first = new Map<number, number>()
  #next = new Int32Array()
  #before = new Int32Array()

  /** @param mac 48 bits. @returns negative where there is none. */
  first(mac: number): number {
    return this.#first.get(keyOf(mac)) ?? NONE
  }

  /** @returns negative after the last. */
  next(row: number): number {
    return this.#next[row] as number
  }

  /** Puts a row that is in no chain first. */
  add(row: number, mac: number): void {
    this.#next = roomFor(row, this.#next, NONE)
    this.#before = roomFor(row, this.#before, NONE)
    const key = keyOf(mac)
    const second = this.#first.get(key) ?? NONE
    this.#first.set(key, row)
    this.#before[row] = NONE
    this.#next[row] = second
    if (second !== NONE) this.#before[second] = row
  }

  /** Takes out a row. @param mac the one it was added with. */
  remove(row: number, mac: number): void {
    const before = this.#before[row] as number
    const next = this.#next[row] as number
    if (next !== NONE) this.#before[next] = before
    if (before !== NONE) this.#next[before] = next
    else if (next !== NONE) this.#first.set(keyOf(mac), next)
    else this.#first.delete(keyOf(mac))
  }
}

/** Neighbours, the MACs of one vendor's cards, have keys of their own. */
function keyOf(mac: number): number {
  return mac ^ Math.imul(mac / 0x1_0000_0000, SEED)
}
