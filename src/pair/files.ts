import type { Readable } from 'node:stream'
import type { FileStore } from '../inventory/files.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { ImageFile } from '../inventory/model.ts'
import { Background } from './background.ts'

/** A file as the other instance begins to send it; undefined where it hasn't got it. */
export type Incoming = { readonly size: number; readonly content: Readable }

export type FileProgress = { readonly file: string; readonly done: number; readonly size: number }

/** Gets the files that images name and this instance lacks from the other one, one at a time and in the background. */
export class FileSync {
  readonly #store: FileStore
  readonly #inventory: Inventory
  readonly #fetch: (sha256: string) => Promise<Incoming | undefined>
  readonly #tell: (message: string) => void
  readonly #background = new Background(() => this.#getAll())
  progress: FileProgress | undefined

  constructor(options: {
    readonly store: FileStore
    readonly inventory: Inventory
    readonly fetch: (sha256: string) => Promise<Incoming | undefined>
    readonly tell: (message: string) => void
  }) {
    this.#store = options.store
    this.#inventory = options.inventory
    this.#fetch = options.fetch
    this.#tell = options.tell
  }

  /** Looks what is lacking; while files are on their way, once more afterwards. */
  look(): void {
    this.#background.run()
  }

  /** How many files are lacking. */
  get missing(): number {
    return this.#lacking().length
  }

  close(): void {
    this.#background.close()
  }

  /** @returns whether none is lacking any more. */
  async #getAll(): Promise<boolean> {
    let isDone = true
    for (const file of this.#lacking()) {
      if (this.#background.isClosed) return false
      isDone = (await this.#get(file)) && isDone
    }
    return isDone
  }

  #lacking(): ImageFile[] {
    const named = [...this.#inventory.list('image')].flatMap(({ kernel, initrd }) => [kernel, initrd])
    const files = new Map(named.flatMap((file) => (file ? [[file.sha256, file]] : [])))
    return [...files.values()].filter(({ sha256 }) => this.#store.size(sha256) === undefined)
  }

  async #get({ sha256, name }: ImageFile): Promise<boolean> {
    try {
      const incoming = await this.#fetch(sha256)
      this.#store.noteAtPeer(sha256, incoming?.size)
      if (incoming === undefined) return false
      await this.#store.put(sha256, this.#counted(name, incoming))
      this.#tell(`${name} (${incoming.size} bytes) was fetched from the other instance`)
      return true
    } catch (error) {
      this.#tell(`${name} couldn't be fetched from the other instance: ${(error as Error).message}`)
      return false
    } finally {
      this.progress = undefined
    }
  }

  async *#counted(file: string, { size, content }: Incoming): AsyncIterable<Uint8Array> {
    let done = 0
    for await (const chunk of content as AsyncIterable<Buffer>) {
      done += chunk.length
      this.progress = { file, done, size }
      yield chunk
    }
  }
}
