import { latin1 } from '../bytes.ts'
import type { Kind } from './kinds.ts'
import { wrong } from './parsing.ts'
import { isPrintable, text } from './text.ts'

const HEX = /^(?:0x)?(?:[0-9a-f]{2})*$/i
const PAIRS = /^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i

/** Any bytes; people write them in hex: `0x0a0b0c`, `0a0b0c`, `0a:0b:0c`. */
export const bytes: Kind<Uint8Array> = {
  name: 'hex',
  read: (value) => value,
  write: (value) => value,
  parse(json) {
    if (typeof json !== 'string' || json === '' || !(HEX.test(json) || PAIRS.test(json))) {
      throw wrong(json, 'hex in quotes like "0x0a0b0c"')
    }
    return Uint8Array.from(Buffer.from(json.replace(/^0x/i, '').replaceAll(':', ''), 'hex'))
  },
  print: printHex
}

/** Bytes that mostly are text, as relay agents' ids are: text where that is possible, else hex after `0x`. */
export const textOrHex: Kind<Uint8Array> = {
  ...bytes,
  name: 'text or hex',
  parse(json) {
    if (typeof json !== 'string') throw wrong(json, 'text, or hex in quotes like "0x0a0b0c"')
    return json.startsWith('0x') ? bytes.parse(json) : text.write(text.parse(json))
  },
  print(value) {
    const plain = latin1(value)
    return isPrintable(plain) && !plain.startsWith('0x') ? plain : printHex(value)
  }
}

export function printHex({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return `0x${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}`
}
