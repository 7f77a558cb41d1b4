import { latin1, MalformedBytes } from '../bytes.ts'
import type { Kind } from './kinds.ts'
import { wrong } from './parsing.ts'

const PRINTABLE = /^[ -~]+$/

/** One character a byte; people write printable ASCII. Trailing zeros aren't part of it (RFC 2132, section 2). */
export const text: Kind<string> = {
  name: 'text',
  read(bytes) {
    let end = bytes.length
    while (end > 0 && bytes[end - 1] === 0) end -= 1
    if (end === 0) throw new MalformedBytes('the text is empty')
    return latin1(bytes, end)
  },
  write(value) {
    const bytes = new Uint8Array(value.length)
    for (let at = 0; at < value.length; at += 1) bytes[at] = value.charCodeAt(at)
    return bytes
  },
  parse(json) {
    if (typeof json !== 'string' || !PRINTABLE.test(json)) throw wrong(json, 'text of printable ASCII characters')
    return json
  },
  print: escaped
}

/** Everything but printable ASCII as `\x1b`: what a machine sent must not steer a terminal. */
function escaped(value: string): string {
  return value.replaceAll(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

export function isPrintable(value: string): boolean {
  return PRINTABLE.test(value)
}
