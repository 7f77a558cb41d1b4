/** A pseudo-random source (mulberry32): the same seed gives the same numbers. */
export class Random {
  #state: number

  constructor(seed: number | string) {
    this.#state = typeof seed === 'number' ? seed | 0 : hashOf(seed)
  }

  /** From 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T
  }
}

type Due = { readonly at: number; readonly order: number; run: (() => void) | undefined }

/** So many happenings in one turn of the event loop: a turn of its own for each takes longer than what happens. */
const IN_TURN = 64

/** Virtual time: what is to happen happens in its order, and nothing takes any. */
export class World {
  /** Milliseconds since the beginning. */
  time = 0
  readonly seed: number
  readonly story: string[] = []
  readonly #due: Due[] = []
  #order = 0

  constructor(seed: number) {
    this.seed = seed
  }

  /** A source of its own for each part, so that leaving out one event changes nothing else. */
  random(part: string): Random {
    return new Random(`${this.seed} ${part}`)
  }

  /** @returns takes it back. */
  after(milliseconds: number, run: () => void): () => void {
    const due: Due = { at: this.time + Math.round(milliseconds), order: this.#order++, run }
    this.#push(due)
    return () => {
      due.run = undefined
    }
  }

  tell(line: string): void {
    this.story.push(`${(this.time / 1000).toFixed(1).padStart(9)} s  ${line}`)
  }

  /** Lets everything happen that is due until then. */
  async run(until: number): Promise<void> {
    while (this.#isDue(until)) await this.#turn(until)
    this.time = until
  }

  #isDue(until: number): boolean {
    const due = this.#due[0]
    return due !== undefined && due.at <= until
  }

  /** Between two immediates of one turn of Node's event loop, what waits for nothing but promises goes on until it waits for something. */
  #turn(until: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let hasFailed = false
      const next = () => {
        if (hasFailed || !this.#isDue(until)) return
        try {
          this.#runFirst()
        } catch (error) {
          hasFailed = true
          reject(error)
        }
      }
      for (let each = 0; each < IN_TURN; each += 1) setImmediate(next)
      setImmediate(resolve)
    })
  }

  #runFirst(): void {
    const due = this.#due[0] as Due
    this.#pop()
    if (due.run === undefined) return
    this.time = due.at
    due.run()
  }

  #push(due: Due): void {
    const heap = this.#due
    let at = heap.push(due) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(due, heap[above] as Due)) break
      heap[at] = heap[above] as Due
      at = above
    }
    heap[at] = due
  }

  #pop(): void {
    const heap = this.#due
    const last = heap.pop() as Due
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child += 1
      if (!isBefore(heap[child] as Due, last)) break
      heap[at] = heap[child] as Due
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash
}
