import { endianness } from 'node:os'
import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'

/**
 * The system calls that Node doesn't offer. Each returns as in C: negative, and `koffi.errno()`, on
 * failure. None of those used here blocks.
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
    recvmmsg: libc.func('int recvmmsg(int fd, void *messages, uint32_t count, int flags, void *timeout)'),
    sendmmsg: libc.func('int sendmmsg(int fd, void *messages, uint32_t count, int flags)'),
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
