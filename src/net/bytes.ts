/** Bytes that don't hold what their format promises: too few, too many, or a value that isn't allowed. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes'
}

/**
 * A cursor over bytes from the network. It never reads past the end, and what it hands out are
 * views of the same memory, not copies. Numbers are in network order.
 */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    // A Buffer's slices would be Buffers again, which compare and print differently.
    this.#bytes = new Uint8Array(buffer, byteOffset, byteLength)
    this.#view = new DataView(buffer, byteOffset, byteLength)
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  /** @throws {MalformedBytes} when fewer are left; so do all the other readers. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** @throws {MalformedBytes} when something is left: a value must be used up exactly. */
  end(): void {
    if (this.remaining > 0) throw new MalformedBytes(`${this.remaining} bytes too many`)
  }

  /** @returns where the bytes begin that are now read. */
  #advance(length: number): number {
    if (length > this.remaining) throw new MalformedBytes(`${length} bytes wanted, ${this.remaining} left`)
    const start = this.#offset
    this.#offset += length
    return start
  }
}

/** Collects bytes for the network; grows as needed. Numbers are in network order. */
export class Writer {
  #bytes = new Uint8Array(64)
  #length = 0

  get length(): number {
    return this.#length
  }

  bytes(bytes: Uint8Array): this {
    const start = this.#extend(bytes.length)
    this.#bytes.set(bytes, start)
    return this
  }

  zeros(count: number): this {
    this.#extend(count)
    return this
  }

  /** The value's lowest eight bits; the other numbers' likewise. */
  uint8(value: number): this {
    const start = this.#extend(1)
    this.#bytes[start] = value
    return this
  }

  uint16(value: number): this {
    return this.uint8(value >>> 8).uint8(value)
  }

  uint32(value: number): this {
    return this.uint16(value >>> 16).uint16(value)
  }

  /** A copy of what was written so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Makes room for zeros. @returns where they begin. */
  #extend(count: number): number {
    const start = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    return start
  }
}

const COLON = 0x3a
const DIGITS = Buffer.from('0123456789abcdef')
/** What texts are put together in: several times as fast as to join their parts. */
const scratch = Buffer.alloc(1024)

/** Two lower-case digits a byte. @param separator one ASCII character, or none. */
export function hexOf(bytes: ArrayLike<number>, separator: '' | ':'): string {
  const text = scratchFor(3 * bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    if (at > 0 && separator !== '') text[length++] = COLON
    text[length++] = DIGITS[byte >>> 4] as number
    text[length++] = DIGITS[byte & 15] as number
  }
  return text.toString('latin1', 0, length)
}

/** One character a byte. @param length of the bytes that are read. */
export function latin1(bytes: Uint8Array, length = bytes.length): string {
  const text = scratchFor(length)
  for (let at = 0; at < length; at += 1) text[at] = bytes[at] as number
  return text.toString('latin1', 0, length)
}

function scratchFor(length: number): Buffer {
  return length <= scratch.length ? scratch : Buffer.alloc(length)
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  const writer = new Writer()
  for (const part of parts) writer.bytes(part)
  return writer.finish()
}
