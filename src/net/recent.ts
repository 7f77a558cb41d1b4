/** Texts that are remembered, a hundred handshakes' at once. A power of two. */
const ENTRIES = 1 << 9

/**
 * The texts that numbers were written as lately. An address is written several times for every packet, and a text that
 * is there already is also several times as fast to look up by: its hash is known. Each number has one place, which it shares.
 */
export class RecentTexts<T extends string> {
  readonly #write: (value: number) => T
  readonly #values = new Float64Array(ENTRIES).fill(-1)
  readonly #texts: T[] = new Array(ENTRIES).fill('')

  constructor(write: (value: number) => T) {
    this.#write = write
  }

  /** @param value a whole number from 0 up to 2^53. */
  of(value: number): T {
    // The lowest bits tell neighbours apart; what is above 32 bits is dropped by the operator.
    const place = (value ^ (value / 0x1000)) & (ENTRIES - 1)
    if (this.#values[place] === value) return this.#texts[place] as T
    const text = this.#write(value)
    this.#values[place] = value
    this.#texts[place] = text
    return text
  }
}
