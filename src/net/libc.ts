import { endianness } from 'node:os'
import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'

/**
 * The system calls that Node doesn't offer. Each returns as in C: negative, and `koffi.errno()`, on
 * failure. None of those used here blocks, but for epoll_wait in a thread of its own.
 */
export type Libc = ReturnType<typeof loadLibc>

/** The daemon can't run on this computer. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError'
}

/** @throws {PlatformError} */
export function loadLibc() {
  requireLinux64(process.platform, process.arch, endianness())
  const libc = koffi.load(null)
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
    getsockopt: libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)'),
    getsockname: libc.func('int getsockname(int fd, void *address, void *length)'),
    bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
    close: libc.func('int close(int fd)'),
    sendto: libc.func(
      'intptr_t sendto(int fd, const void *bytes, size_t size, int flags, const void *address, uint32_t length)'
    ),
    connect: libc.func('int connect(int fd, const void *address, uint32_t length)'),
    recvfrom: libc.func('intptr_t recvfrom(int fd, void *bytes, size_t size, int flags, void *address, void *length)'),
    sendmsg: libc.func('intptr_t sendmsg(int fd, const void *message, int flags)'),
    recvmmsg: libc.func('int recvmmsg(int fd, void *messages, uint32_t count, int flags, void *timeout)'),
    sendmmsg: libc.func('int sendmmsg(int fd, void *messages, uint32_t count, int flags)'),
    epoll_create1: libc.func('int epoll_create1(int flags)'),
    epoll_ctl: libc.func('int epoll_ctl(int epoll, int operation, int fd, void *event)'),
    epoll_wait: libc.func('int epoll_wait(int epoll, void *events, int count, int timeout)'),
    eventfd: libc.func('int eventfd(uint32_t value, int flags)'),
    read: libc.func('intptr_t read(int fd, void *bytes, size_t size)'),
    write: libc.func('intptr_t write(int fd, const void *bytes, size_t size)'),
    getifaddrs: libc.func('int getifaddrs(_Out_ void **list)'),
    freeifaddrs: libc.func('void freeifaddrs(void *list)')
  }
}

/**
 * The numbers and structures that the calls are given are those of Linux on these architectures.
 * @throws {PlatformError} on any other.
 */
export function requireLinux64(platform: string, arch: string, byteOrder: 'LE' | 'BE'): void {
  const known = ['arm64', 'loong64', 'ppc64', 'riscv64', 'x64']
  if (platform === 'linux' && byteOrder === 'LE' && known.includes(arch)) return
  throw new PlatformError(
    `this is ${platform} on ${arch} (${byteOrder}): the daemon runs on Linux, 64 bits, little-endian: ${known.join(', ')}`
  )
}

/** @throws an error with the system's `code` (ENODEV, EACCES, ...) when a call failed. */
export function checked(call: string, result: number): number {
  if (result >= 0) return result
  throw callError(call)
}

/** The error of the call that failed last. */
export function callError(call: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(-koffi.errno())
  return Object.assign(new Error(`${call}: ${code}`), { code })
}

/** An `int` as calls take it by reference. */
export function int(value: number): Buffer {
  return Buffer.from(Int32Array.of(value).buffer)
}
