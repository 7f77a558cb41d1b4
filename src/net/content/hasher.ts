import { createHash } from 'node:crypto'
import { read } from 'node:fs'
import { promisify } from 'node:util'

/** Reads open files and hashes what it reads. The caller keeps the descriptor open meanwhile. */
export interface Hasher {
  /** @param size bytes from the beginning. @returns SHA-256, 64 lower-case hexadecimal digits; of less where the file ended earlier. */
  hash(fd: number, size: number): Promise<string>
  /** The same, with the bytes that were hashed. */
  load(fd: number, size: number): Promise<{ sha256: string; bytes: Buffer }>
}

const readAt = promisify(read)

/**
 * Bytes read and hashed at a time. Reading is done by libuv's threads; hashing so few holds the event loop for less than a
 * millisecond, and whatever else there is to do has its turn in between. A thread of its own would hold nothing up, but
 * the V8 of Node 24 ends the process now and then (`jit_page.has_value()`) where threads come and go on processors with
 * memory protection keys.
 */
const SLICE = 1 << 18

export const slicedHasher: Hasher = {
  async hash(fd, size) {
    const slice = Buffer.allocUnsafeSlow(Math.min(SLICE, size))
    return (await hashInto(slice, fd, size, () => 0)).sha256
  },
  async load(fd, size) {
    const whole = Buffer.allocUnsafeSlow(size)
    const { sha256, length } = await hashInto(whole, fd, size, (at) => at)
    return { sha256, bytes: whole.subarray(0, length) }
  }
}

/** @param placeOf where in the buffer the bytes from an offset of the file go. */
async function hashInto(
  buffer: Buffer,
  fd: number,
  size: number,
  placeOf: (at: number) => number
): Promise<{ sha256: string; length: number }> {
  const hash = createHash('sha256')
  let at = 0
  while (at < size) {
    const place = placeOf(at)
    const { bytesRead } = await readAt(fd, buffer, place, Math.min(SLICE, size - at), at)
    if (bytesRead === 0) break
    hash.update(buffer.subarray(place, place + bytesRead))
    at += bytesRead
  }
  return { sha256: hash.digest('hex'), length: at }
}
