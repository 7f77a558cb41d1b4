import type { Endpoint } from './endpoint.ts'
import { ipv4ToNumber } from './ipv4.ts'

/** A UDP datagram as it goes into a capture. */
export type CapturedDatagram = {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly from: Endpoint
  readonly to: Endpoint
  readonly payload: Uint8Array
  /** Bytes of the payload on the network; more than there are here if it was cut. */
  readonly length: number
}

const MAGIC_MICROSECONDS = 0xa1b2c3d4
const LONGEST_PACKET = 65_535
/** Packets begin with their IP header: what was below it is not known where a socket took them. */
const LINKTYPE_RAW = 101
/** Where a record's parts begin. */
const IP = 16
const UDP = 36
const PAYLOAD = 44
const PROTOCOL_UDP = 17
const TIME_TO_LIVE = 64

/** What a capture file begins with (pcap 2.4, the format of tcpdump and Wireshark); {@link pcapRecords} follow it. */
export function pcapHeader(): Uint8Array {
  const view = new DataView(new ArrayBuffer(24))
  view.setUint32(0, MAGIC_MICROSECONDS)
  view.setUint16(4, 2)
  view.setUint16(6, 4)
  view.setUint32(16, LONGEST_PACKET)
  view.setUint32(20, LINKTYPE_RAW)
  return new Uint8Array(view.buffer)
}

/**
 * Datagrams in a capture file. Their IP and UDP headers are made anew, as a socket doesn't hand them
 * out. One that was cut has no UDP checksum: that would need the rest.
 */
export function pcapRecords(datagrams: readonly CapturedDatagram[]): Uint8Array {
  const bytes = new Uint8Array(datagrams.reduce((sum, { payload }) => sum + PAYLOAD + payload.length, 0))
  let start = 0
  for (const datagram of datagrams) {
    const record = bytes.subarray(start, start + PAYLOAD + datagram.payload.length)
    writeRecord(record, datagram)
    start += record.length
  }
  return bytes
}

function writeRecord(bytes: Uint8Array, { time, from, to, payload, length }: CapturedDatagram): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  view.setUint32(0, Math.floor(time / 1000))
  view.setUint32(4, Math.floor((time % 1000) * 1000))
  view.setUint32(8, bytes.length - IP)
  view.setUint32(12, PAYLOAD + length - IP)

  view.setUint16(IP, 0x4500)
  view.setUint16(IP + 2, PAYLOAD + length - IP)
  view.setUint8(IP + 8, TIME_TO_LIVE)
  view.setUint8(IP + 9, PROTOCOL_UDP)
  view.setUint32(IP + 12, ipv4ToNumber(from.address))
  view.setUint32(IP + 16, ipv4ToNumber(to.address))
  view.setUint16(IP + 10, complement(sumOf(view, IP, UDP)))

  view.setUint16(UDP, from.port)
  view.setUint16(UDP + 2, to.port)
  view.setUint16(UDP + 4, PAYLOAD + length - UDP)
  bytes.set(payload, PAYLOAD)
  if (payload.length < length) return
  const pseudoHeader = sumOf(view, IP + 12, UDP) + PROTOCOL_UDP + bytes.length - UDP
  // Zero would say that there is no checksum (RFC 768).
  view.setUint16(UDP + 6, complement(pseudoHeader + sumOf(view, UDP, bytes.length)) || 0xffff)
}

/** The sum of 16-bit words; an odd byte at the end is a word's upper half (RFC 1071). */
function sumOf(view: DataView, start: number, end: number): number {
  let sum = 0
  for (let at = start; at + 1 < end; at += 2) sum += view.getUint16(at)
  return (end - start) % 2 === 0 ? sum : sum + view.getUint8(end - 1) * 256
}

/** The complement of a sum in ones' complement arithmetic: what overflows 16 bits is added again. */
function complement(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16)
  return ~folded & 0xffff
}
