import { MalformedBytes } from '../net/bytes.ts'
import type { Options } from '../net/options/kinds.ts'
import type { Option } from '../net/options/table.ts'
import { MalformedPacket } from './malformed.ts'

/** Values of the option {@link OPTION.messageType}. */
export const MESSAGE = {
  DISCOVER: 1,
  OFFER: 2,
  REQUEST: 3,
  DECLINE: 4,
  ACK: 5,
  NAK: 6,
  RELEASE: 7,
  INFORM: 8
} as const

/**
 * The value of an option; undefined where the packet hasn't got it.
 * @throws {MalformedPacket} `option-value`, naming the option, when the bytes aren't of its kind.
 */
export function read<T>(options: Options, { code, name, kind }: Option<T>): T | undefined {
  const value = options.get(code)
  if (value === undefined) return undefined
  try {
    return kind.read(value)
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error
    throw new MalformedPacket('option-value', `option ${code} (${name}): ${error.message}`)
  }
}

/** The value, or undefined where it isn't of its kind: for options that an answer can do without. `ignored` is told why. */
export function readIfValid<T>(
  options: Options,
  option: Option<T>,
  ignored?: (error: MalformedPacket) => void
): T | undefined {
  try {
    return read(options, option)
  } catch (error) {
    if (!(error instanceof MalformedPacket)) throw error
    ignored?.(error)
    return undefined
  }
}

/** An entry for a packet's options. */
export function entry<T>({ code, kind }: Option<T>, value: T): [number, Uint8Array] {
  return [code, kind.write(value)]
}
