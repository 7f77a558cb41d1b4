import { createHash } from 'node:crypto'
import { read } from 'node:fs'
import { promisify } from 'node:util'
import { parentPort } from 'node:worker_threads'
import type { HashRequest, HashResult } from './hasher.ts'

/** The thread that reads and hashes files (hasher.ts). Files take turns, so that a loader doesn't wait for a large image. */

const readAt = promisify(read)
/** Bytes read and hashed at a time. */
const SLICE = 1 << 20

parentPort?.on('message', async ({ number, fd, size, keep }: HashRequest) => {
  try {
    const { sha256, bytes } = await hashed(fd, size, keep)
    const result: HashResult = bytes ? { number, sha256, bytes } : { number, sha256 }
    parentPort?.postMessage(result, bytes ? [bytes.buffer] : [])
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    parentPort?.postMessage({ number, error: message, code } satisfies HashResult)
  }
})

async function hashed(
  fd: number,
  size: number,
  keep: boolean
): Promise<{ sha256: string; bytes?: Uint8Array<ArrayBuffer> }> {
  const hash = createHash('sha256')
  const whole = keep ? new Uint8Array(size) : undefined
  const slice = whole ?? new Uint8Array(Math.min(SLICE, size))
  let at = 0
  while (at < size) {
    const begin = whole ? at : 0
    const { bytesRead } = await readAt(fd, slice, begin, Math.min(SLICE, size - at), at)
    if (bytesRead === 0) break
    hash.update(slice.subarray(begin, begin + bytesRead))
    at += bytesRead
  }
  const sha256 = hash.digest('hex')
  return whole ? { sha256, bytes: at < size ? whole.slice(0, at) : whole } : { sha256 }
}
