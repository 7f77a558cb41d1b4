import { MalformedBytes, Reader, Writer } from '../bytes.ts'
import { type Ipv4, ipv4FromBytes, ipv4ToBytes } from '../ipv4.ts'

/** Options by code in their order, each as its whole value: RFC 3396's parts are joined on reading and split on writing. */
export type Options = ReadonlyMap<number, Uint8Array>

/**
 * A kind of option value: how its bytes are read and written. Reading uses the bytes up exactly.
 * `read` throws {@link MalformedBytes}; what `write` made, `read` gives back.
 */
export type Kind<T> = {
  readonly name: string
  read(bytes: Uint8Array): T
  write(value: T): Uint8Array
}

export const uint8: Kind<number> = {
  name: 'uint8',
  read: (bytes) => wholly(bytes, (reader) => reader.uint8()),
  write: (value) => new Writer().uint8(value).finish()
}

const uint16: Kind<number> = {
  name: 'uint16',
  read: (bytes) => wholly(bytes, (reader) => reader.uint16()),
  write: (value) => new Writer().uint16(value).finish()
}

export const uint32: Kind<number> = {
  name: 'uint32',
  read: (bytes) => wholly(bytes, (reader) => reader.uint32()),
  write: (value) => new Writer().uint32(value).finish()
}

export const ipv4: Kind<Ipv4> = {
  name: 'ipv4',
  read: (bytes) => wholly(bytes, (reader) => ipv4FromBytes(reader.bytes(4))),
  write: ipv4ToBytes
}

export const uint8s = listOf(uint8, 1)
export const uint16s = listOf(uint16, 2)
export const ipv4s = listOf(ipv4, 4)

/** One character a byte. Trailing zeros aren't part of it (RFC 2132, section 2). */
export const text: Kind<string> = {
  name: 'text',
  read(bytes) {
    const value = Buffer.from(bytes).toString('latin1').replace(/\0+$/, '')
    if (value === '') throw new MalformedBytes('the text is empty')
    return value
  },
  write: (value) => Uint8Array.from(Buffer.from(value, 'latin1'))
}

export const bytes: Kind<Uint8Array> = { name: 'bytes', read: (value) => value, write: (value) => value }

/** A flag that its option's presence sets: no bytes (RFC 8357, section 4). */
export const present: Kind<true> = {
  name: 'present',
  read: (value) => wholly(value, () => true),
  write: () => new Uint8Array(0)
}

/**
 * A machine's UUID: type 0 and a GUID whose first three parts are little-endian (RFC 4578, section
 * 2.3, as all firmware sends it). Read in the form SMBIOS, iPXE and Linux print.
 */
export const machineId: Kind<string> = {
  name: 'machine id',
  read(value) {
    const guid = wholly(value, (reader) => {
      const type = reader.uint8()
      if (type !== 0) throw new MalformedBytes(`type ${type}; only 0, a GUID, is defined`)
      return reader.bytes(16)
    })
    const hex = Buffer.from(swapped(guid)).toString('hex')
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  },
  write: (uuid) => Uint8Array.of(0, ...swapped(Buffer.from(uuid.replaceAll('-', ''), 'hex')))
}

/** Sub-options: code, length, value, without padding or END (RFC 3046, section 2.0; iPXE's option 175). */
export const encapsulated: Kind<Options> = {
  name: 'sub-options',
  read: (value) =>
    wholly(value, (reader) => {
      const options = new Map<number, Uint8Array>()
      while (reader.remaining > 0) options.set(reader.uint8(), reader.bytes(reader.uint8()))
      return options
    }),
  write(options) {
    const writer = new Writer()
    for (const [code, value] of options) {
      if (value.length > 255) throw new RangeError(`sub-option ${code} is longer than 255 bytes`)
      writer.uint8(code).uint8(value.length).bytes(value)
    }
    return writer.finish()
  }
}

/** One or more values of the same length in bytes. */
function listOf<T>(item: Kind<T>, length: number): Kind<readonly T[]> {
  return {
    name: `${item.name} list`,
    read: (value) =>
      wholly(value, (reader) => {
        const items: T[] = []
        do items.push(item.read(reader.bytes(length)))
        while (reader.remaining > 0)
        return items
      }),
    write: (items) => {
      const writer = new Writer()
      for (const each of items) writer.bytes(item.write(each))
      return writer.finish()
    }
  }
}

function wholly<T>(value: Uint8Array, read: (reader: Reader) => T): T {
  const reader = new Reader(value)
  const result = read(reader)
  reader.end()
  return result
}

/** Turns a GUID's three little-endian parts around, either way. */
function swapped(guid: Uint8Array): Uint8Array {
  const part = (start: number, end: number) => guid.slice(start, end).reverse()
  return Uint8Array.of(...part(0, 4), ...part(4, 6), ...part(6, 8), ...guid.slice(8))
}
