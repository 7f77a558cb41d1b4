import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
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
/** Milliseconds until what couldn't be had is asked for again. */
const PAUSE_MS = 5000

/** Gets the loaders that this instance has none of from the other one: in the background, each by its content. */
export class LoaderSync {
  readonly #options: LoaderSyncOptions
  readonly #timer: NodeJS.Timeout
  #retry: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #elsewhere: ReadonlySet<string> = new Set()

  constructor(options: LoaderSyncOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.look(), INTERVAL_MS).unref()
  }

  /** Those that only the other instance has. */
  get elsewhere(): ReadonlySet<string> {
    return this.#elsewhere
  }

  look(): void {
    this.#running ??= this.#run()
      .catch((error: Error) => {
        this.#options.tell(`loaders couldn't be fetched from the other instance: ${error.message}`)
        clearTimeout(this.#retry)
        this.#retry = setTimeout(() => this.look(), PAUSE_MS).unref()
      })
      .finally(() => {
        this.#running = undefined
      })
  }

  close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#retry)
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

  async #run(): Promise<void> {
    const { names, own, folder, list } = this.#options
    const offered = await list()
    if (offered === undefined) return
    const lacking: LoaderFile[] = []
    const elsewhere = new Set<string>()
    for (const file of offered.filter(({ name }) => names.includes(name))) {
      if ((await own(file.name)) !== undefined) continue
      const here = await hashOf(join(folder, file.name))
      if (here === undefined) elsewhere.add(file.name)
      if (here !== file.sha256) lacking.push(file)
    }
    this.#elsewhere = elsewhere
    for (const file of lacking) {
      await this.#get(file)
      elsewhere.delete(file.name)
    }
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
