import { concat, Reader, Writer } from '../net/bytes.ts'
import { type Ipv4, ipv4FromBytes, ipv4ToBytes } from '../net/ipv4.ts'
import type { Options } from '../net/options/kinds.ts'
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
const SNAME_LENGTH = 64
const FILE_LENGTH = 128
const HEADER_LENGTH = 28 + CHADDR_LENGTH + SNAME_LENGTH + FILE_LENGTH + 4
/** RFC 951's packet size: BOOTP relay agents and old firmware drop what is shorter. */
const MINIMUM_LENGTH = 300

const PAD = 0
const OVERLOAD = 52
const END = 255
const LONGEST_PART = 255

/**
 * Reads a message. Where `file` and `sname` hold options (RFC 2132, section 9.3), these are read
 * after the others, and the fields are empty: like the splitting of long options that is how a
 * packet is packed, not what it says. A missing END is tolerated: each option says where it ends,
 * and dnsmasq, Kea and ISC dhcpd answer such clients too.
 * @throws {MalformedPacket} and nothing else, whatever the bytes.
 */
export function decode(bytes: Uint8Array): Packet {
  if (bytes.length < HEADER_LENGTH) {
    throw new MalformedPacket('too-short', `${bytes.length} bytes; the fixed fields alone are ${HEADER_LENGTH}`)
  }
  const reader = new Reader(bytes)
  const [op, htype, hlen, hops] = [reader.uint8(), reader.uint8(), reader.uint8(), reader.uint8()]
  if (hlen > CHADDR_LENGTH) throw new MalformedPacket('hardware-length', `hlen is ${hlen}; chaddr has 16 bytes`)
  const [xid, secs, flags] = [reader.uint32(), reader.uint16(), reader.uint16()]
  const address = () => ipv4FromBytes(reader.bytes(4))
  const [ciaddr, yiaddr, siaddr, giaddr] = [address(), address(), address(), address()]
  const chaddr = reader.bytes(CHADDR_LENGTH).subarray(0, hlen)
  const sname = reader.bytes(SNAME_LENGTH)
  const file = reader.bytes(FILE_LENGTH)
  if (reader.uint32() !== COOKIE) throw new MalformedPacket('no-cookie', 'no magic cookie after the fixed fields')

  const parts = new Map<number, Uint8Array[]>()
  readParts(reader, parts)
  const overload = overloadOf(parts)
  if (overload.file) readParts(new Reader(file), parts)
  if (overload.sname) readParts(new Reader(sname), parts)
  parts.delete(OVERLOAD)

  return {
    op,
    htype,
    hops,
    xid,
    secs,
    flags,
    ciaddr,
    yiaddr,
    siaddr,
    giaddr,
    chaddr,
    sname: overload.sname ? '' : text(sname),
    file: overload.file ? '' : text(file),
    options: new Map(Array.from(parts, ([code, values]) => [code, concat(values)]))
  }
}

/**
 * Writes a message, padded to 300 bytes. Any packet that {@link decode} returned can be written.
 * @throws {RangeError} when a field is longer than its place or an option's code isn't 1 to 254.
 */
export function encode(packet: Packet): Uint8Array {
  const writer = new Writer()
  writer.uint8(packet.op).uint8(packet.htype).uint8(packet.chaddr.length).uint8(packet.hops)
  writer.uint32(packet.xid).uint16(packet.secs).uint16(packet.flags)
  for (const address of [packet.ciaddr, packet.yiaddr, packet.siaddr, packet.giaddr]) writer.bytes(ipv4ToBytes(address))
  writeField(writer, 'chaddr', packet.chaddr, CHADDR_LENGTH)
  writeField(writer, 'sname', Buffer.from(packet.sname, 'latin1'), SNAME_LENGTH)
  writeField(writer, 'file', Buffer.from(packet.file, 'latin1'), FILE_LENGTH)
  writer.uint32(COOKIE)
  for (const [code, value] of packet.options) writeOption(writer, code, value)
  writer.uint8(END)
  return writer.zeros(Math.max(0, MINIMUM_LENGTH - writer.length)).finish()
}

/** Reads options up to END. The parts are joined only at the end: a packet of thousands of tiny ones costs no more. */
function readParts(reader: Reader, parts: Map<number, Uint8Array[]>): void {
  while (reader.remaining > 0) {
    const code = reader.uint8()
    if (code === PAD) continue
    if (code === END) return
    const length = reader.remaining > 0 ? reader.uint8() : undefined
    if (length === undefined || length > reader.remaining) {
      throw new MalformedPacket('truncated-option', `option ${code} is longer than what is left of the packet`)
    }
    const value = reader.bytes(length)
    const earlier = parts.get(code)
    if (earlier) earlier.push(value)
    else parts.set(code, [value])
  }
}

/** Which fields hold options: bit 0 is for `file`, bit 1 for `sname` (RFC 2132, section 9.3). */
function overloadOf(parts: ReadonlyMap<number, readonly Uint8Array[]>): { file: boolean; sname: boolean } {
  const value = parts.get(OVERLOAD)
  if (value === undefined) return { file: false, sname: false }
  const bytes = concat(value)
  const [bits = 0] = bytes
  if (bytes.length !== 1 || bits < 1 || bits > 3) {
    throw new MalformedPacket('option-value', 'option 52 (overload) is one byte, 1 to 3')
  }
  return { file: (bits & 1) !== 0, sname: (bits & 2) !== 0 }
}

function writeField(writer: Writer, name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length > length) throw new RangeError(`${name} has room for ${length} bytes, not ${bytes.length}`)
  writer.bytes(bytes).zeros(length - bytes.length)
}

function writeOption(writer: Writer, code: number, value: Uint8Array): void {
  if (code <= PAD || code >= END) throw new RangeError(`${code} can't be an option's code`)
  let rest = value
  do {
    const part = rest.subarray(0, LONGEST_PART)
    writer.uint8(code).uint8(part.length).bytes(part)
    rest = rest.subarray(part.length)
  } while (rest.length > 0)
}

function text(field: Uint8Array): string {
  const end = field.indexOf(0)
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('latin1')
}
