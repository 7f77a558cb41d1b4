import { concat } from '../net/bytes.ts'
import type { Options } from '../net/options/kinds.ts'

/*
 * A packet has a dozen options: searched one after the other they are found, and gathered, several times as fast
 * as in a Map. Both lists here are those of every packet that comes or goes.
 */

/** Options gathered for a reply, in their order. */
export class OptionList<T extends Uint8Array | null = Uint8Array> {
  readonly #codes: number[] = []
  readonly #values: T[] = []

  get size(): number {
    return this.#codes.length
  }

  has(code: number): boolean {
    return this.#codes.includes(code)
  }

  get(code: number): T | undefined {
    const at = this.#codes.indexOf(code)
    // An array's element -1 is looked for as if it were a name.
    return at < 0 ? undefined : this.#values[at]
  }

  /** Puts an option last, or, where there is one of its code, in that one's place. */
  set(code: number, value: T): this {
    const at = this.#codes.indexOf(code)
    if (at < 0) {
      this.#codes.push(code)
      this.#values.push(value)
    } else {
      this.#values[at] = value
    }
    return this
  }

  delete(code: number): void {
    const at = this.#codes.indexOf(code)
    if (at < 0) return
    this.#codes.splice(at, 1)
    this.#values.splice(at, 1)
  }

  keys(): readonly number[] {
    return this.#codes
  }

  values(): readonly T[] {
    return this.#values
  }

  *[Symbol.iterator](): IterableIterator<[number, T]> {
    for (const [index, code] of this.#codes.entries()) yield [code, this.#values[index] as T]
  }
}

/** Options where they are in a received packet; a value becomes a view when it is asked for. */
export class ReceivedOptions implements Options {
  readonly #bytes: Uint8Array
  readonly #codes: number[] = []
  /** Where each value begins; its length is in the byte before. */
  readonly #places: number[] = []
  /** Values that came in several parts (RFC 3396). */
  #parts: Map<number, Uint8Array[]> | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#codes.length
  }

  has(code: number): boolean {
    return this.#codes.includes(code)
  }

  get(code: number): Uint8Array | undefined {
    const at = this.#codes.indexOf(code)
    if (at < 0) return undefined
    const parts = this.#parts?.get(code)
    if (parts === undefined) return this.#valueAt(this.#places[at] as number)
    if (parts.length > 1) parts.splice(0, parts.length, concat(parts))
    return parts[0]
  }

  /** @param place of the value in the packet, behind its code and length. */
  add(code: number, place: number): void {
    const at = this.#codes.indexOf(code)
    if (at < 0) {
      this.#codes.push(code)
      this.#places.push(place)
      return
    }
    this.#parts ??= new Map()
    const parts = this.#parts.get(code)
    // Joined only when asked for, and once: a packet of thousands of tiny parts costs no more.
    if (parts) parts.push(this.#valueAt(place))
    else this.#parts.set(code, [this.#valueAt(this.#places[at] as number), this.#valueAt(place)])
  }

  delete(code: number): void {
    const at = this.#codes.indexOf(code)
    if (at < 0) return
    this.#codes.splice(at, 1)
    this.#places.splice(at, 1)
    this.#parts?.delete(code)
  }

  keys(): readonly number[] {
    return this.#codes
  }

  *values(): Iterable<Uint8Array> {
    for (const code of this.#codes) yield this.get(code) as Uint8Array
  }

  *[Symbol.iterator](): IterableIterator<[number, Uint8Array]> {
    for (const code of this.#codes) yield [code, this.get(code) as Uint8Array]
  }

  #valueAt(place: number): Uint8Array {
    return this.#bytes.subarray(place, place + (this.#bytes[place - 1] as number))
  }
}
