import { randomInt } from 'node:crypto'

const FREE = -1
const FEWEST = 64

/** Odd, and different in each process: nobody can pick addresses that all fall on one place. */
const [SEED, FACTOR] = [0, 1].map(() => randomInt(2 ** 31) * 2 + 1) as [number, number]

/**
 * Values by number, for entries that come and go by the thousand a second. A JavaScript `Map` allocates a new table for every few
 * dozen of these, and each table that it gave up holds the next one: what was ever in them stays until all of the memory is collected.
 * Here one table is used again and again (open addressing, and no traces of what was deleted).
 */
export class NumberMap<V> {
  #keys = new Float64Array(FEWEST).fill(FREE)
  #values: (V | undefined)[] = new Array(FEWEST).fill(undefined)
  /** 32 less the bits of a place. */
  #shift = 32 - Math.log2(FEWEST)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @param key a whole number from 0 up to 2^53. */
  get(key: number): V | undefined {
    return this.#values[this.#placeOf(key)]
  }

  has(key: number): boolean {
    return this.#keys[this.#placeOf(key)] === key
  }

  set(key: number, value: V): void {
    let place = this.#placeOf(key)
    if (this.#keys[place] !== key) {
      if (2 * (this.#size + 1) > this.#keys.length) {
        this.#grow()
        place = this.#placeOf(key)
      }
      this.#keys[place] = key
      this.#size += 1
    }
    this.#values[place] = value
  }

  delete(key: number): void {
    let free = this.#placeOf(key)
    if (this.#keys[free] !== key) return
    const mask = this.#keys.length - 1
    this.#size -= 1
    // Whatever comes after it, up to the next free place, and was meant for its place or one before, moves up.
    for (let place = (free + 1) & mask; this.#keys[place] !== FREE; place = (place + 1) & mask) {
      const home = this.#homeOf(this.#keys[place] as number)
      if (((place - home) & mask) < ((place - free) & mask)) continue
      this.#keys[free] = this.#keys[place] as number
      this.#values[free] = this.#values[place]
      free = place
    }
    this.#keys[free] = FREE
    this.#values[free] = undefined
  }

  /** In no certain order. */
  *values(): Iterable<V> {
    for (const [at, key] of this.#keys.entries()) if (key !== FREE) yield this.#values[at] as V
  }

  /** Where a key is, or where it would be put. */
  #placeOf(key: number): number {
    const keys = this.#keys
    const mask = keys.length - 1
    let place = this.#homeOf(key)
    while (keys[place] !== key && keys[place] !== FREE) place = (place + 1) & mask
    return place
  }

  /** Where it is unless another one is there. The operators take the lowest 32 bits. */
  #homeOf(key: number): number {
    return Math.imul(key ^ Math.imul(key / 0x1_0000_0000, SEED), FACTOR) >>> this.#shift
  }

  #grow(): void {
    const keys = this.#keys
    const values = this.#values
    this.#keys = new Float64Array(2 * keys.length).fill(FREE)
    this.#values = new Array(2 * keys.length).fill(undefined)
    this.#shift -= 1
    for (const [at, key] of keys.entries()) {
      if (key === FREE) continue
      const place = this.#placeOf(key)
      this.#keys[place] = key
      this.#values[place] = values[at]
    }
  }
}
