import { roomFor } from './columns.ts'
import { NumberMap } from './number-map.ts'

/** The end of a chain. */
const NONE = -1

/** The rows of each client, by its MAC as a number, the one added last first. */
export class ClientChains {
  readonly #first = new NumberMap<number>()
  #next = new Int32Array()
  #before = new Int32Array()

  /** @returns negative where there is none. */
  first(mac: number): number {
    return this.#first.get(mac) ?? NONE
  }

  /** @returns negative after the last. */
  next(row: number): number {
    return this.#next[row] as number
  }

  /** Puts a row that is in no chain first. */
  add(row: number, mac: number): void {
    this.#next = roomFor(row, this.#next, NONE)
    this.#before = roomFor(row, this.#before, NONE)
    const second = this.first(mac)
    this.#first.set(mac, row)
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
    else if (next !== NONE) this.#first.set(mac, next)
    else this.#first.delete(mac)
  }
}
