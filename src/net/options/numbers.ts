import { MalformedBytes } from '../bytes.ts'
import { list } from './composites.ts'
import { checkSize, type FixedKind, type Kind } from './kinds.ts'
import { wrong } from './parsing.ts'

export const uint8: FixedKind<number> = {
  ...wholeNumber('uint8', 0, 0xff),
  size: 1,
  read: (bytes) => unsigned(bytes, 1),
  write: (value) => bigEndian(value, 1)
}

export const int8: FixedKind<number> = {
  ...wholeNumber('int8', -0x80, 0x7f),
  size: 1,
  read: (bytes) => (unsigned(bytes, 1) << 24) >> 24,
  write: uint8.write
}

export const uint16: FixedKind<number> = {
  ...wholeNumber('uint16', 0, 0xffff),
  size: 2,
  read: (bytes) => unsigned(bytes, 2),
  write: (value) => bigEndian(value, 2)
}

export const uint32: FixedKind<number> = {
  ...wholeNumber('uint32', 0, 0xffffffff),
  size: 4,
  read: (bytes) => unsigned(bytes, 4),
  write: (value) => bigEndian(value, 4)
}

export const int32: FixedKind<number> = {
  ...wholeNumber('int32', -0x80000000, 0x7fffffff),
  size: 4,
  read: (bytes) => unsigned(bytes, 4) | 0,
  write: uint32.write
}

/** Read without a step for each: every client sends some twenty codes (option 55). */
export const uint8s: Kind<readonly number[]> = {
  ...list(uint8),
  read(bytes) {
    if (bytes.length === 0) throw new MalformedBytes('the list is empty')
    const values: number[] = []
    for (let at = 0; at < bytes.length; at += 1) values.push(bytes[at] as number)
    return values
  }
}

/** One byte, 0 or 1 (RFC 2132, section 4.1 and others). */
export const flag: FixedKind<boolean> = {
  name: 'flag',
  size: 1,
  read(bytes) {
    const value = unsigned(bytes, 1)
    if (value > 1) throw new MalformedBytes(`${value} is neither 0 nor 1`)
    return value === 1
  },
  write: (value) => bigEndian(value ? 1 : 0, 1),
  parse(json) {
    if (typeof json !== 'boolean') throw wrong(json, 'true or false')
    return json
  },
  print: (value) => value
}

/** A flag that its option's presence sets: no bytes (RFC 8357, section 4). */
export const present: FixedKind<true> = {
  name: 'presence',
  size: 0,
  read(bytes) {
    checkSize(bytes, 0)
    return true
  },
  write: () => new Uint8Array(0),
  parse(json) {
    if (json !== true) throw wrong(json, 'true')
    return json
  },
  print: (value) => value
}

function wholeNumber(name: string, least: number, most: number): Pick<Kind<number>, 'name' | 'parse' | 'print'> {
  return {
    name,
    parse(json) {
      if (!Number.isInteger(json) || (json as number) < least || (json as number) > most) {
        throw wrong(json, `a whole number from ${least} to ${most}`)
      }
      return (json as number) + 0
    },
    print: (value) => value
  }
}

/** In network order; likewise {@link bigEndian}. */
function unsigned(bytes: Uint8Array, size: number): number {
  checkSize(bytes, size)
  let value = 0
  for (let at = 0; at < size; at += 1) value = value * 256 + (bytes[at] as number)
  return value
}

function bigEndian(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = size - 1, rest = value; at >= 0; at -= 1, rest >>>= 8) bytes[at] = rest
  return bytes
}
