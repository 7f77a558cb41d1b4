import { MalformedBytes } from '../bytes.ts'

/** Options by code in their order, each as its whole value: RFC 3396's parts are joined on reading and split on writing. */
export interface Options extends Iterable<readonly [number, Uint8Array]> {
  readonly size: number
  has(code: number): boolean
  get(code: number): Uint8Array | undefined
  keys(): Iterable<number>
  values(): Iterable<Uint8Array>
  /** Several times as fast as to iterate. */
  forEach(each: (value: Uint8Array, code: number) => void): void
}

/**
 * A kind of option value in its two forms: the bytes of a packet, and the JSON (or YAML) of people.
 * What `write` made, `read` gives back; what `print` made of a value that `parse` returned, `parse` takes.
 */
export type Kind<T> = {
  /** What messages call it: `IPv4 address`. */
  readonly name: string
  /** Uses the bytes up exactly. @throws {MalformedBytes} */
  read(bytes: Uint8Array): T
  write(value: T): Uint8Array
  /** @throws {TypeError} whose message says what would be right. */
  parse(json: unknown): T
  /** The canonical JSON. Its texts have no control characters, wherever the value came from. */
  print(value: T): unknown
}

/** A kind all of whose values take the same number of bytes. */
export type FixedKind<T> = Kind<T> & { readonly size: number }

/** @throws {MalformedBytes} when there aren't exactly so many bytes. */
export function checkSize(bytes: Uint8Array, size: number): void {
  if (bytes.length !== size) throw new MalformedBytes(`${bytes.length} bytes, not ${size}`)
}
