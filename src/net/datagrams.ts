import { constants } from 'node:os'
import koffi from 'koffi'
import type { Endpoint } from './endpoint.ts'
import { type Ipv4, ipv4FromNumber } from './ipv4.ts'
import { callError, checked, int, type Libc } from './libc.ts'
import { bindSocket, socketAddress } from './socket.ts'

/**
 * UDP without Node's sockets, for a thread with a {@link Poller} of its own: no call takes a detour through the event loop,
 * and many packets of one length leave in a single call (UDP_SEGMENT, udp(7)).
 */

const AF_INET = 2
const SOCK_DGRAM = 2
const SOL_SOCKET = 1
const SO_ERROR = 4
const SOL_IP = 0
const IP_RECVERR = 11
const IP_MTU = 14
const SOL_UDP = 17
const UDP_SEGMENT = 103
const MSG_DONTWAIT = 0x40
const MSG_ERRQUEUE = 0x2000
const SOCKADDR = 16
/** struct msghdr, struct iovec; struct cmsghdr with 16 bits of data, filled up. */
const MSGHDR = 56
const IOVEC = 16
const CMSG = 24
/** UDP's longest. */
const LONGEST = 65_507
/** Packets that the system takes in one call, on every Linux that knows how. */
const MOST_SEGMENTS = 64
/** Of IPv4 and UDP. */
const HEADERS = 28

const { ECONNREFUSED, EHOSTUNREACH, ENETUNREACH } = constants.errno
const GONE: ReadonlySet<number> = new Set([ECONNREFUSED, EHOSTUNREACH, ENETUNREACH])

/** How the system took what was to be sent: `full`: later; `gone`: ICMP says that nobody takes what was sent before. */
export type Delivery = 'sent' | 'full' | 'gone' | NodeJS.ErrnoException

/** Memory that the system can be told to read. */
export type Memory = {
  readonly bytes: Buffer
  /** Its address: it stays where it is. */
  readonly at: bigint
}

export function allocate(size: number): Memory {
  const bytes = Buffer.allocUnsafeSlow(size)
  return { bytes, at: koffi.address(bytes) }
}

/** Packets that lie one after the other in memory. */
export type PacketRun = {
  readonly memory: Memory
  /** Where the first one begins. */
  readonly offset: number
  /** Bytes of all. */
  readonly length: number
  /** Bytes of one; only the last may be shorter. */
  readonly packet: number
}

/** Towards one client, from a port of its own. */
export interface Channel {
  /** Of the path to the client: bytes of an IPv4 packet. */
  readonly mtu: number
  send(bytes: Uint8Array): Delivery
  /** Sends as many packets as go in one call, at most 64. @property taken how many left. */
  sendRun(packets: PacketRun): { readonly taken: number; readonly delivery: Delivery }
  close(): void
}

/** Receives for any number of sockets, one after the other. */
export class DatagramReader {
  readonly #libc: Libc
  readonly #bytes = Buffer.allocUnsafeSlow(65_536)
  readonly #bytesAt = koffi.address(this.#bytes)
  readonly #from = Buffer.alloc(SOCKADDR)
  readonly #fromAt = koffi.address(this.#from)
  readonly #length = int(SOCKADDR)
  readonly #lengthAt = koffi.address(this.#length)

  constructor(libc: Libc) {
    this.#libc = libc
  }

  /** @returns a datagram, valid until the next call; undefined where none waits; `gone` as in {@link Delivery}. */
  receive(fd: number): Uint8Array | 'gone' | undefined {
    const size = Number(
      this.#libc.recvfrom(fd, this.#bytesAt, this.#bytes.length, MSG_DONTWAIT, this.#fromAt, this.#lengthAt)
    )
    if (size >= 0) return this.#bytes.subarray(0, size)
    return GONE.has(koffi.errno()) ? 'gone' : undefined
  }

  /** The sender of the last one, as one number that is equal for equal senders; see {@link senderNumber}. */
  get sender(): number {
    return this.#from.readUInt16BE(2) * 2 ** 32 + this.#from.readUInt32BE(4)
  }

  get from(): Endpoint {
    return { address: ipv4FromNumber(this.#from.readUInt32BE(4)), port: this.#from.readUInt16BE(2) }
  }
}

export function senderNumber(from: Endpoint): number {
  const bytes = socketAddress(from)
  return bytes.readUInt16BE(2) * 2 ** 32 + bytes.readUInt32BE(4)
}

/** It hears others than its client too, who are to be told that they are wrong. */
export class DatagramSocket implements Channel {
  readonly fd: number
  readonly mtu: number
  readonly #libc: Libc
  /** Whether the system hasn't refused yet to cut packets apart by itself. */
  #segments = true
  /** The client's address, one vector, one control message, and the header that names them. */
  readonly #message = Buffer.alloc(MSGHDR + SOCKADDR + IOVEC + CMSG)
  readonly #messageAt = koffi.address(this.#message)

  /** @param local port 0: any. @throws an error with the system's `code`. */
  constructor(libc: Libc, local: Endpoint, client: Endpoint) {
    this.#libc = libc
    this.mtu = mtuOf(libc, local.address, client)
    this.fd = bindSocket(libc, local, false, false)
    libc.setsockopt(this.fd, SOL_IP, IP_RECVERR, int(1), 4)
    const message = this.#message
    const [address, vector, control] = [MSGHDR, MSGHDR + SOCKADDR, MSGHDR + SOCKADDR + IOVEC]
    message.set(socketAddress(client), address)
    message.writeBigUInt64LE(this.#messageAt + BigInt(address), 0)
    message.writeUInt32LE(SOCKADDR, 8)
    message.writeBigUInt64LE(this.#messageAt + BigInt(vector), 16)
    message.writeBigUInt64LE(1n, 24)
    message.writeBigUInt64LE(this.#messageAt + BigInt(control), 32)
    message.writeBigUInt64LE(18n, control)
    message.writeInt32LE(SOL_UDP, control + 8)
    message.writeInt32LE(UDP_SEGMENT, control + 12)
  }

  send(bytes: Uint8Array): Delivery {
    return this.#send(koffi.address(bytes), bytes.length, 0)
  }

  sendRun({ memory, offset, length, packet }: PacketRun): { taken: number; delivery: Delivery } {
    const start = memory.at + BigInt(offset)
    if (length > packet && this.#segments && packet <= this.mtu - HEADERS) {
      const most = Math.min(MOST_SEGMENTS, Math.floor(LONGEST / packet)) * packet
      const part = Math.min(length, most)
      const delivery = this.#send(start, part, packet)
      if (typeof delivery === 'string') {
        return { taken: delivery === 'sent' ? Math.ceil(part / packet) : 0, delivery }
      }
      // The interface can't compute checksums (EIO), or the kernel doesn't know UDP_SEGMENT.
      this.#segments = false
    }
    const delivery = this.#send(start, Math.min(length, packet), 0)
    return { taken: delivery === 'sent' ? 1 : 0, delivery }
  }

  /** To another than the client; what can't be sent is lost. */
  sendTo(bytes: Uint8Array, to: Endpoint): void {
    this.#libc.sendto(this.fd, bytes, bytes.length, MSG_DONTWAIT, socketAddress(to), SOCKADDR)
  }

  /**
   * Takes the errors that ICMP brought; the socket would stay readable for them.
   * @returns whether one says that nobody takes the packets: no such port, host or network.
   */
  takeErrors(): boolean {
    const error = int(0)
    this.#libc.getsockopt(this.fd, SOL_SOCKET, SO_ERROR, error, int(4))
    const nothing = Buffer.alloc(8)
    while (this.#libc.recvfrom(this.fd, nothing, 0, MSG_ERRQUEUE | MSG_DONTWAIT, null, null) >= 0);
    return GONE.has(error.readInt32LE())
  }

  close(): void {
    this.#libc.close(this.fd)
  }

  #send(at: bigint, length: number, segment: number): Delivery {
    const message = this.#message
    const vector = MSGHDR + SOCKADDR
    message.writeBigUInt64LE(at, vector)
    message.writeUInt32LE(length, vector + 8)
    message.writeUInt32LE(segment === 0 ? 0 : CMSG, 40)
    message.writeUInt16LE(segment, vector + IOVEC + 16)
    if (this.#libc.sendmsg(this.fd, this.#messageAt, MSG_DONTWAIT) >= 0) return 'sent'
    if (GONE.has(koffi.errno())) return 'gone'
    const error = callError('sendmsg')
    return error.code === 'EAGAIN' || error.code === 'ENOBUFS' ? 'full' : error
  }
}

/** What the system knows of the path. @throws an error with the system's `code`: no route. */
function mtuOf(libc: Libc, local: Ipv4, client: Endpoint): number {
  const fd = checked('socket', libc.socket(AF_INET, SOCK_DGRAM, 0))
  try {
    checked('bind', libc.bind(fd, socketAddress({ address: local, port: 0 }), SOCKADDR))
    checked('connect', libc.connect(fd, socketAddress(client), SOCKADDR))
    const mtu = int(0)
    checked('IP_MTU', libc.getsockopt(fd, SOL_IP, IP_MTU, mtu, int(4)))
    return mtu.readInt32LE()
  } finally {
    libc.close(fd)
  }
}
