import type { Options } from '../net/options/kinds.ts'
import { IPXE, OPTION, type Option, RELAY_AGENT } from '../net/options/table.ts'
import { readIfValid } from './options.ts'

type Table = Readonly<Record<string, Option<unknown>>>

/** Options that hold others, and what these are called. */
const WITHIN = new Map<number, Table>([
  [OPTION.relayAgent.code, RELAY_AGENT],
  [OPTION.ipxe.code, IPXE]
])

/** A line for each option, with a line below it for each of its sub-options. */
export function optionLines(options: Options, table: Table = OPTION): string[] {
  return Array.from(options).flatMap(([code, value]) => {
    const option = Object.values(table).find((each) => each.code === code)
    const title = `${String(code).padStart(3)} ${option?.name ?? 'option'}`
    const inner = table === OPTION ? WITHIN.get(code) : undefined
    const suboptions = inner && option && readIfValid(options, option as Option<Options>)
    if (inner && suboptions) return [title, ...optionLines(suboptions, inner).map((line) => `    ${line}`)]
    return [`${title}: ${valueText(option && readIfValid(options, option)) ?? hex(value)}`]
  })
}

function valueText(value: unknown): string | undefined {
  if (typeof value === 'string') return /^[0-9a-f.-]+$/.test(value) ? value : quoted(value)
  if (typeof value === 'number') return String(value)
  return Array.isArray(value) ? value.join(', ') : undefined
}

/** Text that a client sent: what could do a terminal harm is escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\x9f]/g, (character) => `\\u${hexadecimal(character.charCodeAt(0), 4)}`)
}

export function hexadecimal(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
