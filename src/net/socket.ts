import { createSocket, type Socket, type SocketOptions } from 'node:dgram'
import type { Endpoint } from './endpoint.ts'
import { type Ipv4, ipv4FromBytes, ipv4ToBytes } from './ipv4.ts'
import { checked, int, type Libc } from './libc.ts'

const AF_INET = 2
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_TYPE = 3
const SO_BROADCAST = 6
const SO_RCVBUF = 8
const SO_BINDTODEVICE = 25
const SO_RCVBUFFORCE = 33
/** struct sockaddr_in, and the longest name of an interface with its NUL. */
const SOCKADDR = 16
const IFNAMSIZ = 16

/**
 * Bytes. A thousand machines that power on together send as many DISCOVERs within milliseconds; the
 * system's default holds some 200. Without CAP_NET_ADMIN it is capped at net.core.rmem_max.
 */
const RECEIVE_BUFFER = 4 << 20

/** What a socket is bound to. With a device, it receives only what comes in through that interface. */
export type Binding = { readonly address: Ipv4; readonly port: number; readonly device?: string }

export type BoundSocket = {
  readonly socket: Socket
  readonly fd: number
  /** Whether other sockets that ask for it may bind the same port; a new socket's may not. */
  share(allowed: boolean): void
  /** Nothing is received any more and the port is free, at once; resolves when Node has done with it. */
  close(): Promise<void>
}

/**
 * Opens a UDP socket; Node has no means to bind one to an interface. Since Linux 5.7 that takes no
 * capability but what the port itself needs.
 * @param at port 0: any.
 * @param shared whether to bind beside sockets that share the port.
 * @throws an error with the system's `code`: ENODEV, EACCES, EADDRINUSE, EADDRNOTAVAIL, EPERM, ...
 */
export function openSocket(libc: Libc, at: Binding, shared = false): BoundSocket {
  const fd = bindSocket(libc, at, shared)
  try {
    return adoptSocket(libc, fd)
  } catch (error) {
    libc.close(fd)
    throw error
  }
}

/**
 * The same as a descriptor, for whoever does without Node's sockets.
 * @param storms whether many may send at once; else the system's default has to do for what was received.
 */
export function bindSocket(libc: Libc, at: Binding, shared = false, storms = true): number {
  const fd = checked('socket', libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
  try {
    if (storms && set(libc, fd, SO_RCVBUFFORCE, int(RECEIVE_BUFFER)) < 0) {
      set(libc, fd, SO_RCVBUF, int(RECEIVE_BUFFER))
    }
    if (at.device !== undefined) {
      checked('SO_BINDTODEVICE', set(libc, fd, SO_BINDTODEVICE, Buffer.from(`${at.device}\0`)))
    }
    checked('SO_REUSEADDR', set(libc, fd, SO_REUSEADDR, int(Number(shared))))
    checked('bind', libc.bind(fd, socketAddress(at), SOCKADDR))
    return fd
  } catch (error) {
    libc.close(fd)
    throw error
  }
}

/**
 * Takes a bound UDP socket over. Its buffers are left as they are: whoever opened it may have been allowed more.
 * @throws an error with the system's `code`; then it is still the caller's.
 */
export function adoptSocket(libc: Libc, fd: number): BoundSocket {
  let isOpen = true
  const share = (allowed: boolean) => {
    // The descriptor's number may be another socket's by now.
    if (isOpen) checked('SO_REUSEADDR', set(libc, fd, SO_REUSEADDR, int(Number(allowed))))
  }
  const close = () => {
    isOpen = false
    return new Promise<void>((resolve) => socket.close(resolve))
  }
  checked('SO_BROADCAST', set(libc, fd, SO_BROADCAST, int(1)))
  const socket = createSocket({ type: 'udp4', lookup: literalAddress }).bind({ fd })
  share(false) // libuv shares what it adopts.
  return { socket, fd, share, close }
}

/** Addresses are never names here. Without the resolver's detour the system is asked to send before `send` returns. */
const literalAddress: NonNullable<SocketOptions['lookup']> = (address, _options, found) => found(null, address, 4)

/** What a socket is bound to; undefined for all but those of UDP over IPv4, and where the interface is gone. */
export function bindingOf(libc: Libc, fd: number): Binding | undefined {
  const type = get(libc, fd, SO_TYPE, int(0))?.readInt32LE()
  const own = Buffer.alloc(SOCKADDR)
  const device = get(libc, fd, SO_BINDTODEVICE, Buffer.alloc(IFNAMSIZ))
  if (type !== SOCK_DGRAM || device === undefined || libc.getsockname(fd, own, int(SOCKADDR)) < 0) return undefined
  if (own.readUInt16LE() !== AF_INET) return undefined
  const at = { address: ipv4FromBytes(own.subarray(4)), port: own.readUInt16BE(2) }
  const name = device.toString('latin1').replace(/\0.*/, '')
  return name === '' ? at : { ...at, device: name }
}

/** @param value filled. @returns what of it was; undefined on failure. */
function get(libc: Libc, fd: number, option: number, value: Buffer): Buffer | undefined {
  const length = int(value.length)
  return libc.getsockopt(fd, SOL_SOCKET, option, value, length) < 0
    ? undefined
    : value.subarray(0, length.readInt32LE())
}

function set(libc: Libc, fd: number, option: number, value: Buffer): number {
  return libc.setsockopt(fd, SOL_SOCKET, option, value, value.length)
}

/** struct sockaddr_in. */
export function socketAddress({ address, port }: Endpoint): Buffer {
  const bytes = Buffer.alloc(SOCKADDR)
  bytes.writeUInt16LE(AF_INET)
  bytes.writeUInt16BE(port, 2)
  bytes.set(ipv4ToBytes(address), 4)
  return bytes
}
