/**
 * TFTP packets: RFC 1350, section 5, and RFC 2347 for options and OACK.
 * Text is NUL-terminated on the wire, so none of it may hold a NUL; anything beyond netascii is read as UTF-8.
 */

/** Names in lower case and values as sent, in the order sent. RFC 2347 gives an option once: the first one counts. */
export type Options = ReadonlyMap<string, string>

export type Request = {
  readonly type: 'RRQ' | 'WRQ'
  readonly file: string
  /** In lower case: `octet`, `netascii`, `mail`, or what else the client made up. */
  readonly mode: string
  readonly options: Options
}

export type ErrorPacket = { readonly type: 'ERROR'; readonly code: number; readonly message: string }

export type Packet =
  | Request
  /** `block` is the number on the wire: 16 bits. */
  | { readonly type: 'DATA'; readonly block: number; readonly data: Uint8Array }
  | { readonly type: 'ACK'; readonly block: number }
  | ErrorPacket
  | { readonly type: 'OACK'; readonly options: Options }

const OPCODE = { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const

/** RFC 1350, appendix I; `optionRefused` is RFC 2347's. */
export const ERROR_CODE = {
  undefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransfer: 5,
  fileExists: 6,
  noSuchUser: 7,
  optionRefused: 8
} as const

export type MalformedCode = 'too-short' | 'unknown-opcode' | 'unterminated-text' | 'option-without-value'

/** A datagram that is no TFTP packet. `code` is stable, the message says what was found. */
export class MalformedPacket extends Error {
  override readonly name = 'MalformedPacket'
  readonly code: MalformedCode

  constructor(code: MalformedCode, message: string) {
    super(message)
    this.code = code
  }
}

export function errorPacket(code: keyof typeof ERROR_CODE, message: string): ErrorPacket {
  return { type: 'ERROR', code: ERROR_CODE[code], message }
}

/**
 * Reads one datagram. The data of a DATA packet is a view of it, not a copy.
 * Bytes after the block number of an ACK are ignored, and an ERROR's message may lack its NUL, as some firmware sends it.
 * @throws {MalformedPacket} and nothing else.
 */
export function decode(bytes: Uint8Array): Packet {
  const opcode = wordAt(bytes, 0)
  switch (opcode) {
    case OPCODE.RRQ:
      return request('RRQ', bytes)
    case OPCODE.WRQ:
      return request('WRQ', bytes)
    case OPCODE.DATA:
      return { type: 'DATA', block: wordAt(bytes, 2), data: bytes.subarray(4) }
    case OPCODE.ACK:
      return { type: 'ACK', block: wordAt(bytes, 2) }
    case OPCODE.ERROR:
      return { type: 'ERROR', code: wordAt(bytes, 2), message: untilNul(bytes.subarray(4)) }
    case OPCODE.OACK:
      return { type: 'OACK', options: pairs(texts(bytes.subarray(2))) }
    default:
      throw new MalformedPacket('unknown-opcode', `opcode ${opcode} is none of 1 to 6`)
  }
}

/** As {@link decode}, with the error as a value: what came in from the network is no exception to those who read it. */
export function tryDecode(bytes: Uint8Array): Packet | MalformedPacket {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof MalformedPacket) return error
    throw error
  }
}

/** @throws {TypeError} when a text holds a NUL, which would end it early. */
export function encode(packet: Packet): Uint8Array {
  switch (packet.type) {
    case 'RRQ':
    case 'WRQ':
      return join([OPCODE[packet.type]], terminated([packet.file, packet.mode, ...flat(packet.options)]))
    case 'DATA':
      return join([OPCODE.DATA, packet.block], packet.data)
    case 'ACK':
      return join([OPCODE.ACK, packet.block])
    case 'ERROR':
      return join([OPCODE.ERROR, packet.code], terminated([packet.message]))
    case 'OACK':
      return join([OPCODE.OACK], terminated(flat(packet.options)))
  }
}

function request(type: Request['type'], bytes: Uint8Array): Request {
  const [file, mode, ...rest] = texts(bytes.subarray(2))
  if (file === undefined || mode === undefined) {
    throw new MalformedPacket('too-short', `a ${type} without ${file === undefined ? 'a file name' : 'a mode'}`)
  }
  return { type, file, mode: mode.toLowerCase(), options: pairs(rest) }
}

function pairs(fields: readonly string[]): Options {
  const options = new Map<string, string>()
  for (let index = 0; index < fields.length; index += 2) {
    const name = (fields[index] as string).toLowerCase()
    // No option has an empty name: zeros here pad the datagram.
    if (name === '') break
    const value = fields[index + 1]
    if (value === undefined) throw new MalformedPacket('option-without-value', `option "${name}" has no value`)
    if (!options.has(name)) options.set(name, value)
  }
  return options
}

function texts(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return []
  if (bytes.at(-1) !== 0) throw new MalformedPacket('unterminated-text', 'the last text has no NUL at its end')
  return utf8(bytes.subarray(0, -1)).split('\0')
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return utf8(end === -1 ? bytes : bytes.subarray(0, end))
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

function wordAt(bytes: Uint8Array, offset: number): number {
  const [high, low] = bytes.subarray(offset, offset + 2)
  if (high === undefined || low === undefined) {
    throw new MalformedPacket('too-short', `${bytes.length} bytes, where at least ${offset + 2} are needed`)
  }
  return high * 256 + low
}

function flat(options: Options): string[] {
  return [...options].flat()
}

function terminated(fields: readonly string[]): Uint8Array {
  for (const field of fields) {
    if (field.includes('\0')) throw new TypeError(`${JSON.stringify(field)} holds a NUL, which ends a text in TFTP`)
  }
  return Buffer.from(fields.map((field) => `${field}\0`).join(''), 'utf8')
}

function join(words: readonly number[], tail: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(words.length * 2 + tail.length)
  for (const [index, word] of words.entries()) {
    bytes[index * 2] = word >> 8
    bytes[index * 2 + 1] = word
  }
  bytes.set(tail, words.length * 2)
  return bytes
}
