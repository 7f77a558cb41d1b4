import koffi from 'koffi'
import type { Endpoint } from './endpoint.ts'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from './ipv4.ts'
import { callError, type Libc } from './libc.ts'

/**
 * Many datagrams in one system call (recvmmsg(2), sendmmsg(2)): with Node's dgram each costs 6 to 7
 * microseconds, in a batch about one. The structures are those of 64-bit Linux, little-endian.
 */

/** Datagrams a call. */
export const BATCH = 64
/** UDP's largest (RFC 768: 65,535 with its header): none is ever cut. Only what is used of it takes memory. */
const LONGEST_RECEIVED = 65_536
/** Replies to firmware fit Ethernet's frames. */
export const LONGEST_SENT = 1472

/** Bytes of memory for what was received that are allocated at once. */
const PIECE = 8192

const AF_INET = 2
const MSG_DONTWAIT = 0x40
/** struct sockaddr_in, struct iovec, struct mmsghdr. */
const SOCKADDR = 16
const IOVEC = 16
const MMSGHDR = 64

/** `BATCH` messages, each with its address and one buffer. */
class Messages {
  /** The system writes to it: it stays where it is as long as it is reachable. */
  readonly bytes: Buffer
  /** Its address. */
  readonly at: bigint
  readonly #bufferSize: number

  constructor(bufferSize: number) {
    this.#bufferSize = bufferSize
    this.bytes = Buffer.alloc(BATCH * (MMSGHDR + IOVEC + SOCKADDR + bufferSize))
    this.at = koffi.address(this.bytes)
    const { at, bytes } = this
    for (let index = 0; index < BATCH; index += 1) {
      const message = index * MMSGHDR
      const vector = BATCH * MMSGHDR + index * IOVEC
      bytes.writeBigUInt64LE(at + BigInt(this.address(index)), message)
      bytes.writeUInt32LE(SOCKADDR, message + 8)
      bytes.writeBigUInt64LE(at + BigInt(vector), message + 16)
      bytes.writeBigUInt64LE(1n, message + 24)
      bytes.writeBigUInt64LE(at + BigInt(this.buffer(index)), vector)
      this.setLength(index, bufferSize)
      bytes.writeUInt16LE(AF_INET, this.address(index))
    }
  }

  /** Where a message's address is in the memory; likewise its buffer. */
  address(index: number): number {
    return BATCH * (MMSGHDR + IOVEC) + index * SOCKADDR
  }

  buffer(index: number): number {
    return BATCH * (MMSGHDR + IOVEC + SOCKADDR) + index * this.#bufferSize
  }

  /** Bytes of the buffer that the system may read or fill. */
  setLength(index: number, length: number): void {
    this.bytes.writeUInt32LE(length, BATCH * MMSGHDR + index * IOVEC + 8)
  }

  /** Bytes that the system received. */
  received(index: number): number {
    return this.bytes.readUInt32LE(index * MMSGHDR + 56)
  }
}

/** Receives for any number of sockets, one after the other. */
export class BatchReceiver {
  readonly #libc: Libc
  readonly #messages = new Messages(LONGEST_RECEIVED)
  #piece = new ArrayBuffer(0)
  #used = 0

  constructor(libc: Libc) {
    this.#libc = libc
  }

  /**
   * Takes what a socket has received by now, at most {@link BATCH} datagrams, without waiting.
   * @returns how many there were.
   */
  receive(fd: number, each: (bytes: Uint8Array, from: Endpoint) => void): number {
    const messages = this.#messages
    const count: number = this.#libc.recvmmsg(fd, messages.at, BATCH, MSG_DONTWAIT, null)
    for (let index = 0; index < count; index += 1) {
      const { bytes } = messages
      const start = messages.buffer(index)
      const address = messages.address(index)
      const from = {
        address: ipv4FromNumber(bytes.readUInt32BE(address + 4)),
        port: bytes.readUInt16BE(address + 2)
      }
      // A copy: the next call overwrites the buffers, and a request is kept until its lease is durable.
      const datagram = this.#place(messages.received(index))
      bytes.copy(datagram, 0, start, start + datagram.length)
      each(datagram, from)
    }
    return Math.max(0, count)
  }

  /** Memory for a datagram: many share a piece, which costs as much as that of one. */
  #place(length: number): Uint8Array {
    if (this.#used + length > this.#piece.byteLength) {
      this.#piece = new ArrayBuffer(Math.max(PIECE, length))
      this.#used = 0
    }
    const start = this.#used
    this.#used += length
    return new Uint8Array(this.#piece, start, length)
  }
}

/** Gathers what one socket sends. */
export class BatchSender {
  readonly #libc: Libc
  readonly #fd: number
  readonly #messages = new Messages(LONGEST_SENT)
  readonly #lengths = new Uint16Array(BATCH)
  #count = 0

  constructor(libc: Libc, fd: number) {
    this.#libc = libc
    this.#fd = fd
  }

  get isFull(): boolean {
    return this.#count === BATCH
  }

  /** @param bytes at most {@link LONGEST_SENT}; copied. */
  add(bytes: Uint8Array, to: Endpoint): void {
    const messages = this.#messages
    const index = this.#count
    this.#count += 1
    this.#lengths[index] = bytes.length
    messages.bytes.set(bytes, messages.buffer(index))
    messages.setLength(index, bytes.length)
    messages.bytes.writeUInt16BE(to.port, messages.address(index) + 2)
    messages.bytes.writeUInt32BE(ipv4ToNumber(to.address), messages.address(index) + 4)
  }

  /**
   * Hands all that was added to the system.
   * @param failed told of each that the system didn't take, with the reason: `EAGAIN` where its buffer is full.
   */
  flush(failed: (error: NodeJS.ErrnoException, bytes: Uint8Array, to: Endpoint) => void): void {
    const count = this.#count
    this.#count = 0
    let next = 0
    while (next < count) {
      const first = this.#messages.at + BigInt(next * MMSGHDR)
      const sent: number = this.#libc.sendmmsg(this.#fd, first, count - next, MSG_DONTWAIT)
      if (sent > 0) {
        next += sent
      } else {
        const error = callError('sendmmsg')
        const { bytes, to } = this.#at(next)
        next += 1
        failed(error, bytes, to)
      }
    }
  }

  #at(index: number): { bytes: Uint8Array; to: Endpoint } {
    const { bytes } = this.#messages
    const start = this.#messages.buffer(index)
    const address = this.#messages.address(index)
    return {
      bytes: Uint8Array.from(bytes.subarray(start, start + (this.#lengths[index] as number))),
      to: { address: ipv4FromNumber(bytes.readUInt32BE(address + 4)) as Ipv4, port: bytes.readUInt16BE(address + 2) }
    }
  }
}
