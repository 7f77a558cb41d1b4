import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type Ipv4, ipv4ToBytes } from './ipv4.ts'
import { checked, type Libc } from './libc.ts'

/** Of Linux on all architectures that Node 24 runs on, but for MIPS. */
const AF_INET = 2
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_BROADCAST = 6
const SO_RCVBUF = 8
const SO_BINDTODEVICE = 25
const SO_RCVBUFFORCE = 33

/**
 * Bytes. A thousand machines that power on together send as many DISCOVERs within milliseconds; the
 * system's default holds some 200. Without CAP_NET_ADMIN it is capped at net.core.rmem_max.
 */
const RECEIVE_BUFFER = 4 << 20

export type BoundSocket = {
  readonly socket: Socket
  readonly fd: number
  /** Whether other sockets that ask for it may bind the same port; a new socket's may not. */
  share(allowed: boolean): void
}

/**
 * A UDP socket bound to an address and a port (0: any), and to an interface if one is named: it then
 * receives only what comes in through that one. Node has no means to make one. Since Linux 5.7 binding to
 * an interface takes no capability but what the port itself needs.
 * @param at.shared whether to bind beside sockets that share the port.
 * @throws an error with the system's `code`: ENODEV, EACCES, EADDRINUSE, EADDRNOTAVAIL, EPERM, ...
 */
export async function openSocket(
  libc: Libc,
  at: { address: Ipv4; port: number; device?: string; shared?: boolean }
): Promise<BoundSocket> {
  const fd = checked('socket', libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
  const set = (option: number, value: Buffer): number => libc.setsockopt(fd, SOL_SOCKET, option, value, value.length)
  const share = (allowed: boolean) => {
    checked('SO_REUSEADDR', set(SO_REUSEADDR, int(allowed ? 1 : 0)))
  }
  try {
    if (set(SO_RCVBUFFORCE, int(RECEIVE_BUFFER)) < 0) set(SO_RCVBUF, int(RECEIVE_BUFFER))
    checked('SO_BROADCAST', set(SO_BROADCAST, int(1)))
    if (at.device !== undefined) checked('SO_BINDTODEVICE', set(SO_BINDTODEVICE, Buffer.from(`${at.device}\0`)))
    share(at.shared === true)
    const address = socketAddress(at.address, at.port)
    checked('bind', libc.bind(fd, address, address.length))
  } catch (error) {
    libc.close(fd)
    throw error
  }
  const socket = createSocket('udp4')
  const listening = once(socket, 'listening')
  socket.bind({ fd })
  await listening
  share(false) // libuv shares what it adopts.
  return { socket, fd, share }
}

/** struct sockaddr_in. */
function socketAddress(address: Ipv4, port: number): Buffer {
  const bytes = Buffer.alloc(16)
  int16(AF_INET).copy(bytes)
  bytes.writeUInt16BE(port, 2)
  bytes.set(ipv4ToBytes(address), 4)
  return bytes
}

function int(value: number): Buffer {
  return Buffer.from(Int32Array.of(value).buffer)
}

function int16(value: number): Buffer {
  return Buffer.from(Int16Array.of(value).buffer)
}
