/** Counts steps by protocol and outcome. */
export class Tally {
  readonly #byProtocol = new Map<string, Map<string, number>>()

  add(protocol: string, outcome: string): void {
    let counts = this.#byProtocol.get(protocol)
    if (counts === undefined) {
      counts = new Map()
      this.#byProtocol.set(protocol, counts)
    }
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }

  get isEmpty(): boolean {
    return this.#byProtocol.size === 0
  }

  clear(): void {
    this.#byProtocol.clear()
  }

  *[Symbol.iterator](): IterableIterator<[protocol: string, outcome: string, count: number]> {
    for (const [protocol, counts] of this.#byProtocol) {
      for (const [outcome, count] of counts) yield [protocol, outcome, count]
    }
  }
}
