/** What ends at a time. */
export type Expiring = { readonly expiresAt: number }

/** Things by when they end, the first to end first (a binary heap): adding and taking one take the logarithm of how many there are. */
export class Expiries<T extends Expiring> {
  readonly #heap: T[] = []

  /** How many there are, those that have ended among them. */
  get size(): number {
    return this.#heap.length
  }

  add(item: T): void {
    const heap = this.#heap
    let at = heap.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as T
      if (above.expiresAt <= item.expiresAt) break
      heap[at] = above
      at = parent
    }
    heap[at] = item
  }

  /** Takes out the first, if it has ended by then. */
  take(now: number): T | undefined {
    const [first] = this.#heap
    if (first === undefined || first.expiresAt > now) return undefined
    const last = this.#heap.pop() as T
    if (this.#heap.length > 0) this.#sink(last)
    return first
  }

  #sink(item: T): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && (heap[child + 1] as T).expiresAt < (heap[child] as T).expiresAt) child += 1
      const below = heap[child] as T
      if (item.expiresAt <= below.expiresAt) break
      heap[at] = below
      at = child
    }
    heap[at] = item
  }
}
