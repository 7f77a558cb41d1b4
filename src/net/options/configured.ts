import type { Option } from './option.ts'
import { findingsOf, placeWithin } from './parsing.ts'
import { OptionSpace, printValue } from './space.ts'
import { OPTION } from './table.ts'

/**
 * What an administrator wants sent: values by the options' names, `{ "ntp-servers": ["10.77.0.1"] }`; for codes
 * that have no name hex, `{ "224": "0x0a0b" }`; null where an option is not to be sent.
 */
export type OptionValues = Readonly<Record<string, unknown>>

/** @property name the option as it was written and the place in its value: `pxe.boot-servers[0].type`. */
export type OptionError = { readonly name: string; readonly message: string }

/** Bytes. With a longer value the other options would not fit an Ethernet frame. */
const LONGEST_VALUE = 1024

const DHCP = new OptionSpace(Object.values(OPTION))

/** Checks what was written, all of it, and brings names and values into their one form. */
export function canonicalOptions(values: Record<string, unknown>): { options: OptionValues; errors: OptionError[] } {
  const options: Record<string, unknown> = {}
  const errors: OptionError[] = []
  const written = new Map<number, string>()
  for (const [key, json] of Object.entries(values)) {
    try {
      const option = DHCP.settable(key)
      const earlier = written.get(option.code)
      if (earlier !== undefined) throw new TypeError(`is option ${option.code}, and so is ${earlier}: give one of them`)
      written.set(option.code, key)
      options[option.name] = json === null ? null : canonicalValue(option, json)
    } catch (error) {
      errors.push(...findingsOf(error).map(({ place, message }) => ({ name: placeWithin(key, place), message })))
    }
  }
  return { options, errors }
}

function canonicalValue({ kind }: Option<unknown>, json: unknown): unknown {
  const value = kind.parse(json)
  const { length } = kind.write(value)
  if (length > LONGEST_VALUE) throw new TypeError(`has ${length} bytes; an answer has room for ${LONGEST_VALUE}`)
  return kind.print(value)
}

/**
 * Canonical options as they are sent, by code; null: not to be sent. Several levels' are to be merged by code, as
 * `pxe` and `vendor-encapsulated-options` are one option.
 * @throws {TypeError} when they aren't canonical.
 */
export function encodeOptions(options: OptionValues): ReadonlyMap<number, Uint8Array | null> {
  return new Map(
    Object.entries(options).map(([name, json]) => {
      const { code, kind } = DHCP.settable(name)
      return [code, json === null ? null : kind.write(kind.parse(json))]
    })
  )
}

/**
 * An option of a packet for people; what isn't of its kind is hex with the reason. Never throws.
 * @param vendorClass the packet's option 60: of `PXEClient` option 43 holds PXE's sub-options.
 */
export function printOption(code: number, bytes: Uint8Array, vendorClass = ''): { name: string; value: unknown } {
  const { pxe } = OPTION
  const isPxe = code === pxe.code && vendorClass.startsWith('PXEClient')
  return isPxe ? { name: pxe.name, value: printValue(pxe.kind, bytes) } : DHCP.print(code, bytes)
}

export function optionByName(name: string): Option<unknown> | undefined {
  return DHCP.named(name)
}

/** Of 43's two it is `vendor-encapsulated-options`. */
export function optionByCode(code: number): Option<unknown> | undefined {
  return DHCP.coded(code)
}
