import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { InventoryError } from './errors.ts'

const SHA256 = /^[0-9a-f]{64}$/

/**
 * The files of images, each under the SHA-256 of its content, so that a file is never half there
 * and two versions never mix. Files that no image names any more are removed at the next start, by {@link sweep}.
 */
export class FileStore {
  readonly #folder: string
  readonly #sizes = new Map<string, number>()
  readonly #atPeer = new Map<string, number>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** @param isUsed whether an image still names the file. */
  static async open(folder: string, isUsed: (sha256: string) => boolean): Promise<FileStore> {
    await mkdir(folder, { recursive: true, mode: 0o750 })
    const store = new FileStore(await realpath(folder))
    for (const name of await readdir(folder)) {
      if (SHA256.test(name) && isUsed(name)) store.#sizes.set(name, (await stat(join(folder, name))).size)
    }
    return store
  }

  /** Removes what no image named when the store was opened. For the start alone: an upload that goes on would be lost. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (!this.#sizes.has(name)) await rm(join(this.#folder, name), { recursive: true })
    }
  }

  /** Takes note that a file isn't what its name says any more: the store doesn't have it until it is put again. */
  spoilt(sha256: string): void {
    this.#sizes.delete(sha256)
  }

  /** The other instance has a file, of so many bytes; undefined: it hasn't. */
  noteAtPeer(sha256: string, size: number | undefined): void {
    if (size === undefined) this.#atPeer.delete(sha256)
    else this.#atPeer.set(sha256, size)
  }

  /** Bytes of a file that the other instance has, as far as is known, and this one hasn't. */
  sizeAtPeer(sha256: string): number | undefined {
    return this.#sizes.has(sha256) ? undefined : this.#atPeer.get(sha256)
  }

  /** Bytes, or undefined when the store doesn't have the file. */
  size(sha256: string): number | undefined {
    return this.#sizes.get(sha256)
  }

  get folder(): string {
    return this.#folder
  }

  path(sha256: string): string {
    return join(this.#folder, sha256)
  }

  /**
   * Takes a file in: on disk, and known, when this resolves.
   * @throws {InventoryError} `invalid` when the content has another hash; nothing is kept then.
   */
  async put(sha256: string, content: AsyncIterable<Uint8Array>): Promise<{ sha256: string; size: number }> {
    if (!SHA256.test(sha256))
      throw InventoryError.invalid([{ field: 'sha256', message: 'is 64 lower-case hexadecimal digits' }])
    const partial = join(this.#folder, `partial-${randomBytes(6).toString('hex')}`)
    const hash = createHash('sha256')
    let size = 0
    const file = await open(partial, 'wx', 0o640)
    try {
      await pipeline(
        content,
        async function* (source: AsyncIterable<Uint8Array>) {
          for await (const chunk of source) {
            hash.update(chunk)
            size += chunk.length
            yield chunk
          }
        },
        file.createWriteStream({ flush: true })
      )
      const actual = hash.digest('hex')
      if (actual !== sha256) {
        throw InventoryError.invalid([
          { field: 'sha256', message: `the content's SHA-256 is ${actual}, not ${sha256}: nothing was kept` }
        ])
      }
      await rename(partial, this.path(sha256))
      await this.#syncFolder()
      this.#sizes.set(sha256, size)
      return { sha256, size }
    } finally {
      await file.close().catch(() => undefined)
      await rm(partial, { force: true })
    }
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder)
    await folder.sync().finally(() => folder.close())
  }
}
