/** Numbers that a seed makes, the same ones each time (Marsaglia's xorshift of 32 bits). */
export class Random {
  #state: number

  constructor(seed: number) {
    // Zero would stay zero.
    this.#state = seed >>> 0 || 1
  }

  /** A whole number from 0 to one below the limit, at most 2^32. */
  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }
}
