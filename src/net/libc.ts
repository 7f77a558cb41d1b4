import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'

/**
 * The system calls that Node doesn't offer. Each returns as in C: negative, and `koffi.errno()`, on
 * failure. None of those used here blocks.
 */
export type Libc = ReturnType<typeof loadLibc>

export function loadLibc() {
  const libc = koffi.load(null)
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
    bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
    close: libc.func('int close(int fd)'),
    recvmmsg: libc.func('int recvmmsg(int fd, void *messages, uint32_t count, int flags, void *timeout)'),
    sendmmsg: libc.func('int sendmmsg(int fd, void *messages, uint32_t count, int flags)')
  }
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

/** Memory that the system writes to: its address, and the same bytes for reading and writing here. It is never freed. */
export type Memory = { readonly at: bigint; readonly bytes: Buffer }

/** @param size bytes, all zero. */
export function allocate(size: number): Memory {
  const pointer: unknown = koffi.alloc('uint8_t', size)
  const bytes = Buffer.from(koffi.view(pointer, size))
  return { at: koffi.address(pointer), bytes: bytes.fill(0) }
}
