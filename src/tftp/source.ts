import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { isUnchanged, type SteadyFile } from '../net/steady-file.ts'

/** What is sent, as bytes that can be read at any place, at once. */
export interface Source {
  /** Equal for equal content. */
  readonly key: string
  /** Bytes. */
  readonly size: number
  /**
   * Fills the whole of `target` with what is at `offset`.
   * @throws {SourceFailed} and nothing else.
   */
  read(offset: number, target: Uint8Array): void
  close(): void
}

/** The file can't be read on. The message says why, for the log. */
export class SourceFailed extends Error {
  override readonly name = 'SourceFailed'
}

export function bytesSource(key: string, bytes: Uint8Array): Source {
  return {
    key,
    size: bytes.length,
    read: (offset, target) => target.set(bytes.subarray(offset, offset + target.length)),
    close: () => {}
  }
}

/** Opens the very file that was described, and no later one of its name. @throws {SourceFailed} */
export function fileSource(key: string, { path, size, stamp }: SteadyFile): Source {
  const fd = attempt(() => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK))
  const isChanged = () => !isUnchanged(fstatSync(fd, { bigint: true }), stamp)
  const close = () => closeSync(fd)
  const fail = (message: string): never => {
    throw new SourceFailed(message)
  }
  if (attempt(isChanged)) {
    close()
    fail('the file was changed while it was opened')
  }
  return {
    key,
    size,
    read(offset, target) {
      for (let done = 0; done < target.length; ) {
        const count = attempt(() => readSync(fd, target, done, target.length - done, offset + done))
        if (count === 0) fail('the file became shorter while it was sent')
        done += count
      }
      // After the read: what was read before a change is the old content, whole.
      if (attempt(isChanged)) fail('the file was changed while it was sent')
    },
    close
  }
}

function attempt<Result>(call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    throw new SourceFailed((error as Error).message)
  }
}
