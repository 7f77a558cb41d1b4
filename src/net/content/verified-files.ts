import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { NoSuchFile } from '../confined.ts'
import { type SteadyFile, stampOf } from '../steady-file.ts'
import type { Hasher } from './hasher.ts'

/** A file that is asked for. */
export type WantedFile = {
  /** Absolute, without symbolic links. */
  readonly path: string
  /** As people know it: `linux of image debian-12`, `loader ipxe.efi`. */
  readonly what: string
  /** What its content must be; left out, whatever is there. */
  readonly sha256?: string
}

/** A file that isn't served: it isn't what it must be, it changes while it is read, or the disk doesn't give it. */
export class ContentError extends Error {
  override readonly name = 'ContentError'
  readonly code: 'file-changed' | 'unreadable'

  constructor(code: ContentError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Tells an administrator of a file, once for each stamp and message. */
export type TellOfFile = (stamp: string, message: string) => void

type Known = { readonly stamp: string; readonly sha256: Promise<string> }

/** How many files' hashes are remembered, the latest used; a site has dozens. */
const KNOWN = 1024
/** How often a file that changes while it is read is read anew. */
const TRIES = 4
/**
 * Milliseconds. The kernel stamps changes by a clock that ticks only every so often (4 ms, 10 at most): a file that was changed
 * in this moment may be changed again under the same stamp, so it is read a little later.
 */
const TICK = 25

/**
 * Knows what files hold. The content of each is read and hashed once; from then on what the file system says of it (its
 * stamp) tells whether it is the same still.
 */
export class VerifiedFiles {
  readonly #hasher: Pick<Hasher, 'hash'>
  readonly #tell: TellOfFile
  readonly #known = new Map<string, Known>()

  constructor(hasher: Pick<Hasher, 'hash'>, tell: TellOfFile) {
    this.#hasher = hasher
    this.#tell = tell
  }

  /**
   * What a file is now, hashed if it isn't the one that was hashed before.
   * @throws {NoSuchFile} @throws {ContentError}
   */
  async check({ path, what, sha256: expected }: WantedFile): Promise<SteadyFile> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const stats = await stat(path, { bigint: true }).catch((error) => {
        throw missing(error)
      })
      if (!stats.isFile()) throw new NoSuchFile('not a regular file')
      const stamp = stampOf(stats)
      const known = this.#entry(path, stamp, what, expected === undefined)
      const sha256 = await known.sha256.catch((error: Error) => {
        if (error instanceof Restless) return undefined
        throw error
      })
      if (sha256 === undefined) continue
      if (expected !== undefined && sha256 !== expected) throw this.#refusal(stamp, what, sha256, expected)
      return { path, size: Number(stats.size), sha256, stamp }
    }
    throw new ContentError('file-changed', `${what} changes while it is read: not served`)
  }

  /** Opens a file to read it anew; undefined when it is another one by now. The caller closes it. @throws {NoSuchFile} */
  async open({ path, stamp }: SteadyFile): Promise<FileHandle | undefined> {
    const handle = await openFile(path)
    if (stampOf(await handle.stat({ bigint: true })) === stamp) return handle
    await handle.close()
    return undefined
  }

  /** Requests that come meanwhile wait for the same hashing. */
  #entry(path: string, stamp: string, what: string, tellChange: boolean): Known {
    const before = this.#known.get(path)
    this.#known.delete(path)
    const entry: Known = before?.stamp === stamp ? before : { stamp, sha256: this.#hashed(path, stamp, what) }
    this.#known.set(path, entry)
    if (entry === before) return entry
    const [oldest] = this.#known.keys()
    if (this.#known.size > KNOWN && oldest !== undefined) this.#known.delete(oldest)
    entry.sha256.catch(() => {
      // Read anew when it is next asked for.
      if (this.#known.get(path) === entry) this.#known.delete(path)
    })
    if (before && tellChange) void this.#tellChange(what, before, entry)
    return entry
  }

  async #tellChange(what: string, before: Known, after: Known): Promise<void> {
    const [old, sha256] = await Promise.allSettled([before.sha256, after.sha256])
    if (old.status === 'rejected' || sha256.status === 'rejected' || old.value === sha256.value) return
    this.#tell(after.stamp, `${what} was changed on disk: its SHA-256 is ${sha256.value}, was ${old.value}`)
  }

  #refusal(stamp: string, what: string, sha256: string, expected: string): ContentError {
    const message = `${what} was changed on disk: its SHA-256 is ${sha256}, not ${expected}; not served: import it again`
    this.#tell(stamp, message)
    return new ContentError('file-changed', message)
  }

  async #hashed(path: string, stamp: string, what: string): Promise<string> {
    const handle = await openFile(path)
    try {
      const before = await handle.stat({ bigint: true })
      const age = Date.now() - Number(before.ctimeMs)
      if (age >= 0 && age < TICK) await sleep(TICK)
      const sha256 = await this.#hasher.hash(handle.fd, Number(before.size))
      const after = await handle.stat({ bigint: true })
      if (stampOf(before) !== stamp || stampOf(after) !== stamp) throw new Restless()
      return sha256
    } catch (error) {
      if (error instanceof Restless) throw error
      const message = `${what} cannot be read: ${(error as Error).message}`
      this.#tell(stamp, message)
      throw new ContentError('unreadable', message)
    } finally {
      await handle.close()
    }
  }
}

/** A file was changed while it was hashed. */
class Restless extends Error {}

/** O_NONBLOCK: opening a FIFO must not wait for its writer. O_NOFOLLOW: paths are resolved before. */
function openFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error) => {
    throw missing(error)
  })
}

function missing(error: NodeJS.ErrnoException): NoSuchFile {
  return new NoSuchFile(`not readable (${error.code})`)
}
