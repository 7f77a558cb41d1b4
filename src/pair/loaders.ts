import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Background } from './background.ts'
import type { Incoming } from './files.ts'

/** A loader as the instance that has it tells of it. */
export type LoaderFile = { readonly name: string; readonly sha256: string }

export type LoaderSyncOptions = {
  /** The loaders that there may be. */
  readonly names: readonly string[]
  /** Where this instance has one of its own; undefined where it hasn't. */
  readonly own: (name: string) => Promise<string | undefined>
  /** Takes those of the other instance, under their names. */
  readonly folder: string
  /** What the other instance has of its own; undefined where it can't be asked. */
  readonly list: () => Promise<readonly LoaderFile[] | undefined>
  readonly fetch: (name: string) => Promise<Incoming | undefined>
  readonly tell: (message: string) => void
}

/** Milliseconds between two looks: a package may have been installed or upgraded meanwhile. */
const INTERVAL_MS = 600_000

/** Gets the loaders that this instance has none of from the other one: in the background, each by its content. */
export class LoaderSync {
  readonly #options: LoaderSyncOptions
  readonly #timer: NodeJS.Timeout
  readonly #background = new Background(() => this.#getAll())
  #elsewhere: ReadonlySet<string> = new Set()

  constructor(options: LoaderSyncOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.look(), INTERVAL_MS).unref()
  }

  /** Those that only the other instance has. */
  get elsewhere(): ReadonlySet<string> {
    return this.#elsewhere
  }

  /** Looks what is lacking; while loaders are on their way, once more afterwards. */
  look(): void {
    this.#background.run()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#background.close()
  }

  /** What the other instance may have from here. */
  async offer(): Promise<LoaderFile[]> {
    const offered: LoaderFile[] = []
    for (const name of this.#options.names) {
      const sha256 = await hashOf(await this.#options.own(name))
      if (sha256 !== undefined) offered.push({ name, sha256 })
    }
    return offered
  }

  /** Where one is that the other instance asks for, and its length. */
  async find(name: string): Promise<{ path: string; size: number } | undefined> {
    const path = this.#options.names.includes(name) ? await this.#options.own(name) : undefined
    return path === undefined ? undefined : { path, size: (await stat(path)).size }
  }

  /** @returns whether none is lacking any more. */
  async #getAll(): Promise<boolean> {
    try {
      const lacking = await this.#lacking()
      const elsewhere = new Set(lacking.filter(({ isHere }) => !isHere).map(({ name }) => name))
      this.#elsewhere = elsewhere
      for (const file of lacking) {
        await this.#get(file)
        elsewhere.delete(file.name)
      }
      return true
    } catch (error) {
      this.#options.tell(`loaders couldn't be fetched from the other instance: ${(error as Error).message}`)
      return false
    }
  }

  /** What the other instance offers and this one hasn't of its own, nor with that content from there; `isHere`: with another one. */
  async #lacking(): Promise<(LoaderFile & { isHere: boolean })[]> {
    const { names, own, folder, list } = this.#options
    const lacking = []
    for (const file of (await list()) ?? []) {
      if (!names.includes(file.name) || (await own(file.name)) !== undefined) continue
      const here = await hashOf(join(folder, file.name))
      if (here !== file.sha256) lacking.push({ ...file, isHere: here !== undefined })
    }
    return lacking
  }

  async #get({ name, sha256 }: LoaderFile): Promise<void> {
    const { folder, fetch, tell } = this.#options
    const incoming = await fetch(name)
    if (incoming === undefined) throw new Error(`${name} is gone there`)
    await mkdir(folder, { recursive: true, mode: 0o750 })
    const part = join(folder, `${name}.part`)
    try {
      await pipeline(incoming.content, createWriteStream(part))
      if ((await hashOf(part)) !== sha256) throw new Error(`${name} came with another content`)
      await rename(part, join(folder, name))
    } finally {
      await rm(part, { force: true })
    }
    tell(`loader ${name} (${incoming.size} bytes) was fetched from the other instance`)
  }
}

/** SHA-256, hexadecimal; undefined where the file can't be read. */
async function hashOf(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch {
    return undefined
  }
}
