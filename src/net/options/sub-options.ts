import { MalformedBytes, Writer } from '../bytes.ts'
import type { Kind, Options } from './kinds.ts'
import { OptionList } from './option-list.ts'
import { fieldsOf, parseParts } from './parsing.ts'
import type { OptionSpace } from './space.ts'

const PAD = 0
const END = 255
const LONGEST = 255

/**
 * Whether END comes last and PAD may be between: in a vendor's it does (RFC 2132, section 8.4), in a relay agent's it
 * never does (RFC 3046, section 2.0). iPXE takes its own either way: dnsmasq writes END, iPXE itself doesn't.
 */
type Ended = 'always' | 'never' | 'either'

/** Options inside of an option: code, length, value. People write them by name or code, `{no-pxedhcp: 1}`. */
export function subOptions(space: OptionSpace, ended: Ended): Kind<Options> {
  return {
    name: 'sub-options',
    read: (bytes) => readSubOptions(bytes, ended !== 'never'),
    write: (options) => writeSubOptions(options, ended === 'always'),
    parse(json) {
      const written = Object.entries(fieldsOf(json, 'sub-options by name or code'))
      if (written.length === 0) throw new TypeError('must have at least one sub-option')
      const parts = written.map(([key, value]) => [key, { key, value }] as const)
      const values = new OptionList()
      parseParts(parts, ({ key, value }) => {
        const { code, kind } = space.settable(key)
        if (values.has(code)) throw new TypeError('is given twice, by name and by code')
        const bytes = kind.write(kind.parse(value))
        if (bytes.length > LONGEST) throw new TypeError(`has ${bytes.length} bytes; there is room for ${LONGEST}`)
        values.set(code, bytes)
      })
      return values
    },
    print: (options) =>
      Object.fromEntries(
        Array.from(options, ([code, bytes]) => {
          const { name, value } = space.print(code, bytes)
          return [name, value]
        })
      )
  }
}

function readSubOptions(bytes: Uint8Array, ended: boolean): Options {
  const options = new OptionList()
  let at = 0
  while (at < bytes.length) {
    const code = bytes[at] as number
    if (ended && code === END) break
    if (ended && code === PAD) {
      at += 1
      continue
    }
    const end = at + 2 + (bytes[at + 1] ?? 0)
    if (end > bytes.length) throw new MalformedBytes(`sub-option ${code} is longer than what is left`)
    options.set(code, bytes.subarray(at + 2, end))
    at = end
  }
  return options
}

function writeSubOptions(options: Options, ended: boolean): Uint8Array {
  const writer = new Writer()
  for (const [code, value] of options) {
    if (value.length > LONGEST) throw new RangeError(`sub-option ${code} is longer than ${LONGEST} bytes`)
    writer.uint8(code).uint8(value.length).bytes(value)
  }
  if (ended) writer.uint8(END)
  return writer.finish()
}
