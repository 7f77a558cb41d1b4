import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { type SteadyFile, stampOf } from '../steady-file.ts'
import { type Hasher, slicedHasher } from './hasher.ts'
import { FileMemory } from './memory.ts'
import { ContentError, type TellOfFile, VerifiedFiles, type WantedFile } from './verified-files.ts'

/** A file that is being sent. */
export type Content = {
  readonly file: SteadyFile
  /**
   * The bytes from `start` to `end`, both included, in pieces: views of memory that others share, never to be written to.
   * @throws {ContentError} when the file is changed meanwhile, or the disk doesn't give it.
   */
  chunks(start: number, end: number): Iterable<Buffer> | AsyncIterable<Buffer>
  /** Must be called in the end, whatever became of it. */
  release(): Promise<void>
}

/** Bytes sent at once from memory: enough for the full rate, and others get their turn in between. */
const PIECE = 1 << 20
/** Bytes read at once from disk: what a slow reader keeps in memory. */
const BLOCK = 1 << 16

/**
 * The boot files as they are served: what they hold is checked, the ones in demand are kept in memory, and those that don't fit there
 * are read as they are sent.
 */
export class Contents {
  readonly #hasher: Hasher
  readonly #verified: VerifiedFiles
  readonly #memory: FileMemory
  readonly #tell: TellOfFile

  /** @param memory bytes that may be kept. @param tell an administrator, of files that were changed or can't be read. */
  constructor(memory: number, tell: (message: string) => void, hasher: Hasher = slicedHasher) {
    this.#hasher = hasher
    this.#tell = once(tell)
    this.#verified = new VerifiedFiles(hasher, this.#tell)
    this.#memory = new FileMemory(memory)
  }

  /** Bytes that are kept now. */
  get kept(): number {
    return this.#memory.used
  }

  /** What a file is, without its bytes. @throws {NoSuchFile} @throws {ContentError} */
  check(wanted: WantedFile): Promise<SteadyFile> {
    return this.#verified.check(wanted)
  }

  /** The bytes of a file that was checked; undefined when it is another one by now. @throws {NoSuchFile} */
  async open(file: SteadyFile, what: string): Promise<Content | undefined> {
    const held = await this.#memory
      .hold(file, () => this.#load(file, what))
      .catch((error: Error) => {
        if (error instanceof Replaced) return null
        throw error
      })
    if (held === null) return undefined
    if (held) {
      return { file, chunks: (start, end) => pieces(held.bytes, start, end), release: async () => held.release() }
    }
    const handle = await this.#verified.open(file)
    return (
      handle && {
        file,
        chunks: (start, end) => this.#blocks(handle, file, what, start, end),
        release: () => handle.close()
      }
    )
  }

  /** What is kept is what was hashed. */
  async #load(file: SteadyFile, what: string): Promise<Buffer> {
    const handle = await this.#verified.open(file)
    if (handle === undefined) throw new Replaced()
    try {
      const { sha256, bytes } = await this.#hasher.load(handle.fd, file.size).catch((error) => {
        throw this.#told('unreadable', file.stamp, `${what} cannot be read: ${error.message}`)
      })
      if (sha256 !== file.sha256) throw new Replaced()
      return bytes
    } finally {
      await handle.close()
    }
  }

  /** A wrong byte never leaves: each block is sent only if the file is unchanged after it was read. */
  async *#blocks(
    handle: FileHandle,
    file: SteadyFile,
    what: string,
    start: number,
    end: number
  ): AsyncGenerator<Buffer> {
    for (let at = start; at <= end; ) {
      // One for each: the last one may be on its way still.
      const block = Buffer.allocUnsafe(Math.min(BLOCK, end - at + 1))
      const { bytesRead } = await handle.read(block, 0, block.length, at).catch((error) => {
        throw this.#told('unreadable', file.stamp, `${what} cannot be read: ${error.message}`)
      })
      const stats = await handle.stat({ bigint: true })
      if (bytesRead === 0 || !isSame(stats, file)) {
        throw this.#told(
          'file-changed',
          stampOf(stats),
          `${what} was changed on disk while it was sent: the transfer was ended`
        )
      }
      at += bytesRead
      yield block.subarray(0, bytesRead)
    }
  }

  #told(code: ContentError['code'], stamp: string, message: string): ContentError {
    this.#tell(stamp, message)
    return new ContentError(code, message)
  }
}

/** A file was replaced after it was checked. */
class Replaced extends Error {}

/**
 * Whether an open file is what it was. One that lost its name to another file meanwhile, by a rename, bears a later time of
 * its inode, and is the same content still.
 */
function isSame(stats: BigIntStats, { stamp }: SteadyFile): boolean {
  const now = stampOf(stats)
  return now === stamp || (stats.nlink === 0n && withoutInodeTime(now) === withoutInodeTime(stamp))
}

function withoutInodeTime(stamp: string): string {
  return stamp.slice(0, stamp.lastIndexOf(':'))
}

/** How many messages are remembered as told. */
const TOLD = 256

function once(tell: (message: string) => void): TellOfFile {
  const told = new Set<string>()
  return (stamp, message) => {
    const key = `${stamp} ${message}`
    if (told.has(key)) return
    if (told.size >= TOLD) told.clear()
    told.add(key)
    tell(message)
  }
}

function* pieces(bytes: Buffer, start: number, end: number): Generator<Buffer> {
  for (let at = start; at <= end; at += PIECE) yield bytes.subarray(at, Math.min(at + PIECE, end + 1))
}
