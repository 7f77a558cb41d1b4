import { createSocket, type Socket, type SocketOptions } from 'node:dgram'
import { once } from 'node:events'
import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'

/** Of Linux on all architectures that Node 24 runs on, but for MIPS. */
const AF_INET = 2
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_BINDTODEVICE = 25

export type DeviceSocket = {
  readonly socket: Socket
  /** Whether other sockets that ask for it may bind the same port; a new socket's may not. */
  share(allowed: boolean): void
}

/**
 * A socket at any address and the port (0: any), that receives only what comes in through one
 * interface: Node has no means to make one. Since Linux 5.7 that takes no capability but what the
 * port itself needs.
 * @throws an error with the system's `code`: ENODEV, EACCES, EADDRINUSE, EPERM, ...
 */
export async function openOnDevice(device: string, port: number, options: SocketOptions): Promise<DeviceSocket> {
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int domain, int type, int protocol)')
  const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)')
  const bind = libc.func('int bind(int fd, const void *address, uint32_t length)')
  const close = libc.func('int close(int fd)')

  const fd = checked('socket', socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))
  const set = (option: number, value: Buffer) =>
    checked('setsockopt', setsockopt(fd, SOL_SOCKET, option, value, value.length))
  const share = (allowed: boolean) => set(SO_REUSEADDR, Buffer.from([allowed ? 1 : 0, 0, 0, 0]))
  try {
    set(SO_BINDTODEVICE, Buffer.from(`${device}\0`))
    const anyAddress = Buffer.alloc(16)
    anyAddress.writeUInt16LE(AF_INET, 0)
    anyAddress.writeUInt16BE(port, 2)
    checked('bind', bind(fd, anyAddress, anyAddress.length))
  } catch (error) {
    close(fd)
    throw error
  }
  const adopted = createSocket(options)
  const listening = once(adopted, 'listening')
  adopted.bind({ fd })
  await listening
  share(false) // libuv shares what it adopts.
  return { socket: adopted, share }
}

function checked(call: string, result: number): number {
  if (result >= 0) return result
  const code = getSystemErrorName(-koffi.errno())
  throw Object.assign(new Error(`${call}: ${code}`), { code })
}
