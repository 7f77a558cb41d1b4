import { type Ipv4, ipv4FromNumber, ipv4ToNumber, UNSPECIFIED } from '../net/ipv4.ts'
import type { Options } from '../net/options/kinds.ts'
import { ReceivedOptions } from '../net/options/option-list.ts'
import { MalformedPacket } from './malformed.ts'

/** A DHCP message (RFC 2131, section 2). */
export type Packet = {
  /** {@link BOOTREQUEST} or {@link BOOTREPLY}. */
  readonly op: number
  /** {@link ETHERNET}, or another of IANA's hardware types. */
  readonly htype: number
  readonly hops: number
  readonly xid: number
  /** Seconds since the client began, as the client tells. */
  readonly secs: number
  readonly flags: number
  readonly ciaddr: Ipv4
  readonly yiaddr: Ipv4
  readonly siaddr: Ipv4
  readonly giaddr: Ipv4
  /** The hardware address in its own length (`hlen`), at most 16 bytes. */
  readonly chaddr: Uint8Array
  /** One character a byte up to the first zero; at most 64 and 128. */
  readonly sname: string
  readonly file: string
  readonly options: Options
}

export const BOOTREQUEST = 1
export const BOOTREPLY = 2
export const ETHERNET = 1
/** The one flag that is defined: the client can't receive unicasts before it has its address. */
export const BROADCAST_FLAG = 0x8000

const COOKIE = 0x63825363
const CHADDR_LENGTH = 16
/** Where the fields are. */
const CHADDR_AT = 28
const SNAME_AT = CHADDR_AT + CHADDR_LENGTH
const FILE_AT = SNAME_AT + 64
const COOKIE_AT = FILE_AT + 128
const HEADER_LENGTH = COOKIE_AT + 4
/** RFC 951's packet size: BOOTP relay agents and old firmware drop what is shorter. */
const MINIMUM_LENGTH = 300
/** Ethernet's frames have 1,500; the rest is for links with larger ones. */
const MAXIMUM_LENGTH = 9000

const PAD = 0
const OVERLOAD = 52
const END = 255
const LONGEST_PART = 255

/**
 * Reads a message. Where `file` and `sname` hold options (RFC 2132, section 9.3), these are read
 * after the others, and the fields are empty: like the splitting of long options that is how a
 * packet is packed, not what it says. A missing END is tolerated: each option says where it ends,
 * and dnsmasq, Kea and ISC dhcpd answer such clients too. BOOTP's vendor field may be all zeros (RFC 951): no options.
 *
 * The options are views of the bytes, which must not change as long as the packet is used.
 * @throws {MalformedPacket} and nothing else, whatever the bytes.
 */
export function decode(datagram: Uint8Array): Packet {
  if (datagram.length < HEADER_LENGTH) {
    throw new MalformedPacket('too-short', `${datagram.length} bytes; the fixed fields alone are ${HEADER_LENGTH}`)
  }
  if (datagram.length > MAXIMUM_LENGTH) {
    throw new MalformedPacket('too-long', `${datagram.length} bytes; no client needs more than ${MAXIMUM_LENGTH}`)
  }
  // A Buffer's slices would be Buffers again, which are slower to make and compare and print differently.
  const { buffer, byteOffset, byteLength } = datagram
  const bytes = Buffer.isBuffer(datagram) ? new Uint8Array(buffer, byteOffset, byteLength) : datagram
  const hlen = bytes[2] as number
  if (hlen > CHADDR_LENGTH) throw new MalformedPacket('hardware-length', `hlen is ${hlen}; chaddr has 16 bytes`)

  const options = new ReceivedOptions(bytes)
  const cookie = uint32(bytes, COOKIE_AT)
  if (cookie === COOKIE) readOptions(bytes, HEADER_LENGTH, bytes.length, options)
  else if (cookie !== 0) throw new MalformedPacket('no-cookie', 'no magic cookie after the fixed fields')
  const overload = overloadOf(options)
  if (overload & 1) readOptions(bytes, FILE_AT, COOKIE_AT, options)
  if (overload & 2) readOptions(bytes, SNAME_AT, FILE_AT, options)
  options.delete(OVERLOAD)

  return {
    op: bytes[0] as number,
    htype: bytes[1] as number,
    hops: bytes[3] as number,
    xid: uint32(bytes, 4),
    secs: uint16(bytes, 8),
    flags: uint16(bytes, 10),
    ciaddr: address(bytes, 12),
    yiaddr: address(bytes, 16),
    siaddr: address(bytes, 20),
    giaddr: address(bytes, 24),
    chaddr: bytes.subarray(CHADDR_AT, CHADDR_AT + hlen),
    sname: overload & 2 ? '' : text(bytes, SNAME_AT, FILE_AT),
    file: overload & 1 ? '' : text(bytes, FILE_AT, COOKIE_AT),
    options
  }
}

/**
 * Writes a message, padded to 300 bytes. Any packet that {@link decode} returned can be written.
 * @param scratch memory to write it to, if it is long enough; new memory is ten times as slow.
 * @throws {RangeError} when a field is longer than its place or an option's code isn't 1 to 254.
 */
export function encode(packet: Packet, scratch?: Uint8Array): Uint8Array {
  const length = Math.max(MINIMUM_LENGTH, HEADER_LENGTH + optionsLength(packet.options) + 1)
  const bytes =
    scratch !== undefined && scratch.length >= length ? scratch.subarray(0, length).fill(0) : new Uint8Array(length)
  writeHeader(bytes, packet)
  let at = HEADER_LENGTH
  packet.options.forEach((value, code) => {
    at = writeOption(bytes, at, code, value)
  })
  bytes[at] = END
  return bytes
}

/** Bytes that the options take, without END. */
export function optionsLength(options: Options): number {
  let length = 0
  options.forEach((value) => {
    length += optionLength(value)
  })
  return length
}

/** Bytes that an option takes: its parts of at most 255 bytes (RFC 3396) and their two bytes each. */
export function optionLength({ length }: Uint8Array): number {
  return length + (length <= LONGEST_PART ? 2 : 2 * Math.ceil(length / LONGEST_PART))
}

/** Reads options up to END or a place. The parts of one are joined (RFC 3396). */
function readOptions(bytes: Uint8Array, from: number, to: number, options: ReceivedOptions): void {
  let at = from
  while (at < to) {
    const code = bytes[at] as number
    at += 1
    if (code === PAD) continue
    if (code === END) break
    const end = at + 1 + (bytes[at] as number)
    if (at >= to || end > to) {
      throw new MalformedPacket('truncated-option', `option ${code} is longer than what is left of the packet`)
    }
    options.add(at + 1)
    at = end
  }
}

/** Which fields hold options: bit 0 is for `file`, bit 1 for `sname` (RFC 2132, section 9.3). */
function overloadOf(options: Options): number {
  const value = options.get(OVERLOAD)
  if (value === undefined) return 0
  const [bits = 0] = value
  if (value.length !== 1 || bits < 1 || bits > 3) {
    throw new MalformedPacket('option-value', 'option 52 (overload) is one byte, 1 to 3')
  }
  return bits
}

function writeHeader(bytes: Uint8Array, packet: Packet): void {
  bytes[0] = packet.op
  bytes[1] = packet.htype
  bytes[2] = packet.chaddr.length
  bytes[3] = packet.hops
  writeUint32(bytes, 4, packet.xid)
  writeUint32(bytes, 8, packet.secs * 0x10000 + packet.flags)
  writeUint32(bytes, 12, ipv4ToNumber(packet.ciaddr))
  writeUint32(bytes, 16, ipv4ToNumber(packet.yiaddr))
  writeUint32(bytes, 20, ipv4ToNumber(packet.siaddr))
  writeUint32(bytes, 24, ipv4ToNumber(packet.giaddr))
  checkRoom('chaddr', packet.chaddr.length, CHADDR_LENGTH)
  bytes.set(packet.chaddr, CHADDR_AT)
  writeText(bytes, SNAME_AT, 'sname', packet.sname, FILE_AT - SNAME_AT)
  writeText(bytes, FILE_AT, 'file', packet.file, COOKIE_AT - FILE_AT)
  writeUint32(bytes, COOKIE_AT, COOKIE)
}

function writeText(bytes: Uint8Array, at: number, name: string, value: string, length: number): void {
  checkRoom(name, value.length, length)
  for (let index = 0; index < value.length; index += 1) bytes[at + index] = value.charCodeAt(index)
}

function checkRoom(name: string, length: number, room: number): void {
  if (length > room) throw new RangeError(`${name} has room for ${room} bytes, not ${length}`)
}

/** @returns where the next option goes. */
function writeOption(bytes: Uint8Array, start: number, code: number, value: Uint8Array): number {
  if (code <= PAD || code >= END) throw new RangeError(`${code} can't be an option's code`)
  let at = start
  let done = 0
  do {
    const length = Math.min(LONGEST_PART, value.length - done)
    bytes[at] = code
    bytes[at + 1] = length
    at += 2
    for (let index = 0; index < length; index += 1) bytes[at + index] = value[done + index] as number
    at += length
    done += length
  } while (done < value.length)
  return at
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2)
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

function address(bytes: Uint8Array, at: number): Ipv4 {
  const value = uint32(bytes, at)
  return value === 0 ? UNSPECIFIED : ipv4FromNumber(value)
}

/** One character a byte, up to the first zero. */
function text(bytes: Uint8Array, from: number, to: number): string {
  if (bytes[from] === 0) return ''
  const field = bytes.subarray(from, to)
  const end = field.indexOf(0)
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('latin1')
}
