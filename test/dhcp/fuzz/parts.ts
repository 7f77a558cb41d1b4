import { concat } from '../../../src/net/bytes.ts'

/** A packet in parts, so that it can be put together wrong. */
export type Parts = {
  /** All before the options, the cookie among it. */
  readonly fixed: Uint8Array
  options: Option[]
  /** END and what follows it. */
  rest: Uint8Array
}
/** @property length as it is told, whatever the value's is. */
export type Option = { code: number; length: number; value: Uint8Array }

/** Bytes before the options: BOOTP's fields and the cookie. */
const FIXED = 240
const PAD = 0
export const END = 255

/** A packet taken apart; without padding between options, and with an option cut off where the packet ends. */
export function apart(bytes: Uint8Array): Parts {
  const fixed = new Uint8Array(FIXED)
  fixed.set(bytes.subarray(0, FIXED))
  const options: Option[] = []
  let at = FIXED
  while (at + 1 < bytes.length && bytes[at] !== END) {
    if (bytes[at] === PAD) {
      at += 1
      continue
    }
    const length = bytes[at + 1] as number
    options.push({ code: bytes[at] as number, length, value: bytes.slice(at + 2, at + 2 + length) })
    at += 2 + length
  }
  return { fixed, options, rest: bytes.slice(at) }
}

/** The packet of these parts, with the lengths that they tell. */
export function together({ fixed, options, rest }: Parts): Uint8Array {
  return concat([fixed, ...options.map(written), rest])
}

export function written({ code, length, value }: Option): Uint8Array {
  const bytes = new Uint8Array(2 + value.length)
  bytes[0] = code
  bytes[1] = length
  bytes.set(value, 2)
  return bytes
}

/** Sets an option, in place of the one that is there, of as many parts as it takes. */
export function set({ options }: Parts, code: number, value: Uint8Array): void {
  const at = options.findIndex((option) => option.code === code)
  const parts = inPartsOf({ code, length: value.length, value }, Math.ceil(value.length / 255))
  options.splice(at < 0 ? options.length : at, at < 0 ? 0 : 1, ...parts)
}

/** An option in so many parts of one code (RFC 3396). */
export function inPartsOf({ code, value }: Option, count: number): Option[] {
  const size = Math.ceil(value.length / Math.max(1, count))
  return Array.from({ length: Math.max(1, count) }, (_, index) => {
    const part = value.slice(index * size, (index + 1) * size)
    return { code, length: part.length, value: part }
  })
}

/** Told and real length alike. */
export function resize(option: Option, length: number): void {
  option.length = length
  option.value = option.value.slice(0, length)
}
