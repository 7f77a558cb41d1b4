import { Reader } from '../../src/net/bytes.ts'
import { type Ipv4, ipv4FromBytes } from '../../src/net/ipv4.ts'

export type CapturedDatagram = {
  /** Microseconds since 1970. */
  readonly time: number
  readonly source: Ipv4
  readonly sourcePort: number
  readonly destination: Ipv4
  readonly destinationPort: number
  /** What the headers promise, where the payload was cut. */
  readonly length: number
  readonly payload: Uint8Array
}

const MAGIC = 0xa1b2c3d4
const FILE_HEADER_LENGTH = 24
const LINKTYPE_ETHERNET = 1
const ETHERNET_HEADER_LENGTH = 14
const PROTOCOL_UDP = 17

/** The UDP datagrams of a capture: classic pcap of either byte order, Ethernet or bare IP, no VLAN tags, no fragments. */
export function udpDatagrams(file: Uint8Array): CapturedDatagram[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const little = view.getUint32(0) !== MAGIC
  if (view.getUint32(0, little) !== MAGIC) throw new TypeError('not a pcap file')
  const isEthernet = view.getUint32(20, little) === LINKTYPE_ETHERNET
  const datagrams: CapturedDatagram[] = []
  for (let at = FILE_HEADER_LENGTH; at < file.length; ) {
    const time = view.getUint32(at, little) * 1e6 + view.getUint32(at + 4, little)
    const length = view.getUint32(at + 8, little)
    const frame = new Reader(file.subarray(at + 16, at + 16 + length))
    const isIp = !isEthernet || Buffer.from(frame.bytes(ETHERNET_HEADER_LENGTH)).readUInt16BE(12) === 0x0800
    const datagram = isIp ? udpOf(frame, time) : undefined
    if (datagram) datagrams.push(datagram)
    at += 16 + length
  }
  return datagrams
}

function udpOf(ip: Reader, time: number): CapturedDatagram | undefined {
  const headerLength = (ip.uint8() & 15) * 4
  const header = ip.bytes(headerLength - 1)
  if (header[8] !== PROTOCOL_UDP) return undefined
  const [source, destination] = [ipv4FromBytes(header.subarray(11)), ipv4FromBytes(header.subarray(15))]
  const [sourcePort, destinationPort, length] = [ip.uint16(), ip.uint16(), ip.uint16() - 8]
  ip.uint16()
  // What follows a short datagram in its frame is padding.
  const payload = ip.bytes(Math.min(length, ip.remaining))
  return { time, source, sourcePort, destination, destinationPort, length, payload }
}
