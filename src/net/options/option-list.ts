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

/** Options where they are in a received packet; a value becomes a view when it is asked for. */
export class ReceivedOptions implements Options {
  readonly #bytes: Uint8Array
  readonly #codes: number[] = []
  /** Where each value begins; its length is in the byte before. */
  readonly #places: number[] = []
  /** Those that were asked for. */
  readonly #views: (Uint8Array | undefined)[] = []
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
    if (parts === undefined) {
      this.#views[at] ??= this.#valueAt(this.#places[at] as number)
      return this.#views[at]
    }
    if (parts.length > 1) parts.splice(0, parts.length, concat(parts))
    return parts[0]
  }

  /** @param place of the value in the packet, behind its code and length. */
  add(code: number, place: number): void {
    const at = this.#codes.indexOf(code)
    if (at < 0) {
      this.#codes.push(code)
      this.#places.push(place)
      this.#views.push(undefined)
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
    this.#views.splice(at, 1)
    this.#parts?.delete(code)
  }

  keys(): readonly number[] {
    return this.#codes
  }

  *values(): Iterable<Uint8Array> {
    for (const code of this.#codes) yield this.get(code) as Uint8Array
  }

  forEach(each: (value: Uint8Array, code: number) => void): void {
    for (const code of this.#codes) each(this.get(code) as Uint8Array, code)
  }

  *[Symbol.iterator](): IterableIterator<[number, Uint8Array]> {
    for (const code of this.#codes) yield [code, this.get(code) as Uint8Array]
  }

  #valueAt(place: number): Uint8Array {
    return this.#bytes.subarray(place, place + (this.#bytes[place - 1] as number))
  }
}
