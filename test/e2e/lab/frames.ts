/** An IPv4 packet with UDP or TCP in it, as it was on the wire. */
export type Frame = {
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly protocol: 'udp' | 'tcp'
  /** Of the IP header. */
  readonly source: string
  readonly destination: string
  readonly sourcePort: number
  readonly destinationPort: number
  /** What the datagram or segment carries, as far as it was captured. */
  readonly payload: Buffer
  /** Its whole length. */
  readonly length: number
}

/** A pcap stream's records (little-endian, with microseconds: what tcpdump writes here), in pieces as they come. */
export class FrameReader {
  static readonly #HEADER = 24
  static readonly #RECORD_HEADER = 16
  #rest: Buffer = Buffer.alloc(0)
  #begun = false

  /** @returns those that are whole by now, without what is neither UDP nor TCP over IPv4. */
  take(bytes: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const found: Frame[] = []
    let at = 0
    if (!this.#begun && this.#rest.length >= FrameReader.#HEADER) {
      this.#begun = true
      at = FrameReader.#HEADER
    }
    while (this.#begun && at + FrameReader.#RECORD_HEADER <= this.#rest.length) {
      const time = this.#rest.readUInt32LE(at) * 1000 + this.#rest.readUInt32LE(at + 4) / 1000
      const start = at + FrameReader.#RECORD_HEADER
      const end = start + this.#rest.readUInt32LE(at + 8)
      if (end > this.#rest.length) break
      const frame = frameOf(this.#rest.subarray(start, end), time)
      if (frame) found.push(frame)
      at = end
    }
    this.#rest = this.#rest.subarray(at)
    return found
  }
}

const IPV4 = 0x0800
const PROTOCOLS: Readonly<Record<number, Frame['protocol']>> = { 6: 'tcp', 17: 'udp' }

function frameOf(ethernet: Buffer, time: number): Frame | undefined {
  if (ethernet.readUInt16BE(12) !== IPV4) return undefined
  const ip = ethernet.subarray(14)
  const protocol = PROTOCOLS[ip[9] as number]
  if (protocol === undefined) return undefined
  const inside = ip.subarray(((ip[0] as number) & 0x0f) * 4)
  const header = protocol === 'udp' ? 8 : ((inside[12] as number) >> 4) * 4
  return {
    time,
    protocol,
    source: ip.subarray(12, 16).join('.'),
    destination: ip.subarray(16, 20).join('.'),
    sourcePort: inside.readUInt16BE(0),
    destinationPort: inside.readUInt16BE(2),
    payload: inside.subarray(header),
    length: ip.readUInt16BE(2) - (ip.length - inside.length) - header
  }
}
