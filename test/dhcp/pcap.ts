import { Reader } from '../../src/net/bytes.ts'

export type CapturedDatagram = { readonly sourcePort: number; readonly payload: Uint8Array }

const MAGIC_LITTLE_ENDIAN = 0xd4c3b2a1
const FILE_HEADER_LENGTH = 24
const ETHERNET_HEADER_LENGTH = 14
const PROTOCOL_UDP = 17

/** The UDP datagrams of a capture: classic pcap, little-endian, Ethernet, no VLAN tags, no fragments. */
export function udpDatagrams(file: Uint8Array): CapturedDatagram[] {
  const reader = new Reader(file)
  if (reader.uint32() !== MAGIC_LITTLE_ENDIAN) throw new TypeError('not a little-endian pcap file')
  reader.bytes(FILE_HEADER_LENGTH - 4)
  const datagrams: CapturedDatagram[] = []
  while (reader.remaining > 0) {
    reader.bytes(8)
    const length = Buffer.from(reader.bytes(4)).readUInt32LE()
    reader.bytes(4)
    const datagram = udpOf(new Reader(reader.bytes(length)))
    if (datagram) datagrams.push(datagram)
  }
  return datagrams
}

function udpOf(frame: Reader): CapturedDatagram | undefined {
  const etherType = Buffer.from(frame.bytes(ETHERNET_HEADER_LENGTH)).readUInt16BE(12)
  if (etherType !== 0x0800) return undefined
  const headerLength = (frame.uint8() & 15) * 4
  const header = frame.bytes(headerLength - 1)
  if (header[8] !== PROTOCOL_UDP) return undefined
  const sourcePort = frame.uint16()
  frame.uint16()
  const length = frame.uint16()
  frame.uint16()
  return { sourcePort, payload: frame.bytes(length - 8) }
}
