import { concat } from '../bytes.ts'
import type { Options } from './kinds.ts'

/*
 * A packet has a dozen options: searched one after the other they are found, and gathered, several times as fast
 * as in a Map. Both lists here are those of every packet that comes or goes.
 */

/** Options gathered for a reply, in their order. */
export class OptionList implements Options {
  readonly #codes: number[] = []
  readonly #values: Uint8Array[] = []

  constructor(entries?: Iterable<readonly [number, Uint8Array]>) {
    if (entries !== undefined) for (const [code, value] of entries) this.set(code, value)
  }

  get size(): number {
    return this.#codes.length
  }

  has(code: number): boolean {
    return this.#codes.includes(code)
  }

  get(code: number): Uint8Array | undefined {
    const at = this.#codes.indexOf(code)
    // An array's element -1 is looked for as if it were a name.
    return at < 0 ? undefined : this.#values[at]
  }

  /** Puts an option last whose code isn't there yet. */
  append(code: number, value: Uint8Array): void {
    this.#codes.push(code)
    this.#values.push(value)
  }

  /** Puts an option last, or, where there is one of its code, in that one's place. */
  set(code: number, value: Uint8Array): this {
    const at = this.#codes.indexOf(code)
    if (at < 0) this.append(code, value)
    else this.#values[at] = value
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

  values(): readonly Uint8Array[] {
    return this.#values
  }

  forEach(each: (value: Uint8Array, code: number) => void): void {
    for (let at = 0; at < this.#codes.length; at += 1) each(this.#values[at] as Uint8Array, this.#codes[at] as number)
  }

  *[Symbol.iterator](): IterableIterator<[number, Uint8Array]> {
    for (const [at, code] of this.#codes.entries()) yield [code, this.#values[at] as Uint8Array]
  }
}

/** Options where they are in a received packet: each has its code and its length in the two bytes before its value. */
export class ReceivedOptions implements Options {
  readonly #bytes: Uint8Array
  /** Where the values begin, one a code. */
  readonly #places: number[] = []
  /** Values that came in several parts (RFC 3396). */
  #parts: Map<number, Uint8Array[]> | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#places.length
  }

  has(code: number): boolean {
    return this.#indexOf(code) >= 0
  }

  /** A view of the packet, unless it came in parts. */
  get(code: number): Uint8Array | undefined {
    const at = this.#indexOf(code)
    if (at < 0) return undefined
    const parts = this.#parts?.get(code)
    if (parts === undefined) return this.#valueAt(this.#places[at] as number)
    if (parts.length > 1) parts.splice(0, parts.length, concat(parts))
    return parts[0]
  }

  /** @param place of the value in the packet, behind its code and length. */
  add(place: number): void {
    const code = this.#codeAt(place)
    const at = this.#indexOf(code)
    if (at < 0) {
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
    const at = this.#indexOf(code)
    if (at < 0) return
    this.#places.splice(at, 1)
    this.#parts?.delete(code)
  }

  keys(): readonly number[] {
    return this.#places.map((place) => this.#codeAt(place))
  }

  *values(): Iterable<Uint8Array> {
    for (const code of this.keys()) yield this.get(code) as Uint8Array
  }

  forEach(each: (value: Uint8Array, code: number) => void): void {
    for (const code of this.keys()) each(this.get(code) as Uint8Array, code)
  }

  *[Symbol.iterator](): IterableIterator<[number, Uint8Array]> {
    for (const code of this.keys()) yield [code, this.get(code) as Uint8Array]
  }

  #indexOf(code: number): number {
    for (let at = 0; at < this.#places.length; at += 1) if (this.#codeAt(this.#places[at] as number) === code) return at
    return -1
  }

  #codeAt(place: number): number {
    return this.#bytes[place - 2] as number
  }

  #valueAt(place: number): Uint8Array {
    return this.#bytes.subarray(place, place + (this.#bytes[place - 1] as number))
  }
}
