import { roomFor } from './columns.ts'

const NOWHERE = -1

/**
 * Things, by small numbers of their own, in the order in which they end (a binary heap). Each waits once: adding and
 * taking one take the logarithm of how many there are.
 */
export class Expiries {
  /** Those that wait, the first to end first. */
  readonly #heap: number[] = []
  /** By thing: its place in the heap, and when it ends. */
  #places = new Int32Array()
  #ends = new Float64Array()

  /** How many wait, those that have ended among them. */
  get size(): number {
    return this.#heap.length
  }

  /** A thing that waits for an end already comes at the earlier one. */
  add(thing: number, end: number): void {
    this.#places = roomFor(thing, this.#places, NOWHERE)
    this.#ends = roomFor(thing, this.#ends)
    const place = this.#places[thing] as number
    if (place !== NOWHERE && this.#endOf(thing) <= end) return
    this.#ends[thing] = end
    this.#rise(thing, place === NOWHERE ? this.#heap.push(thing) - 1 : place)
  }

  /** Takes out the first, if it has ended by then. */
  take(now: number): number | undefined {
    const [first] = this.#heap
    if (first === undefined || this.#endOf(first) > now) return undefined
    const last = this.#heap.pop() as number
    this.#places[first] = NOWHERE
    if (last !== first) this.#sink(last)
    return first
  }

  #rise(thing: number, from: number): void {
    const end = this.#endOf(thing)
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = this.#heap[parent] as number
      if (this.#endOf(above) <= end) break
      this.#put(above, at)
      at = parent
    }
    this.#put(thing, at)
  }

  /** From the top, which is empty. */
  #sink(thing: number): void {
    const heap = this.#heap
    const end = this.#endOf(thing)
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#endOf(heap[child + 1] as number) < this.#endOf(heap[child] as number))
        child += 1
      const below = heap[child] as number
      if (end <= this.#endOf(below)) break
      this.#put(below, at)
      at = child
    }
    this.#put(thing, at)
  }

  #put(thing: number, at: number): void {
    this.#heap[at] = thing
    this.#places[thing] = at
  }

  #endOf(thing: number): number {
    return this.#ends[thing] as number
  }
}
