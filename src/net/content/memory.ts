import type { SteadyFile } from '../steady-file.ts'

/** Bytes in memory that somebody sends from: they stay until all who hold them let go. */
export type Held = { readonly bytes: Buffer; release(): void }

type Entry = { readonly size: number; readonly bytes: Promise<Buffer>; holders: number }

/**
 * Keeps the files that are asked for in memory, each whole, in a budget that is never exceeded: those that were used longest
 * ago make room, except for what is being sent. Files are known by their content, so equal ones are kept once.
 */
export class FileMemory {
  readonly #budget: number
  /** By SHA-256; the latest used last. */
  readonly #entries = new Map<string, Entry>()
  #used = 0

  /** @param budget bytes. */
  constructor(budget: number) {
    this.#budget = budget
  }

  /** Bytes that are kept or being loaded. */
  get used(): number {
    return this.#used
  }

  /**
   * A file's bytes, loaded if need be, once for all who ask meanwhile; undefined when there is no room for them.
   * @param load gives the bytes of exactly this content; what it rejects with, this does.
   */
  async hold(file: SteadyFile, load: () => Promise<Buffer>): Promise<Held | undefined> {
    const entry = this.#entries.get(file.sha256) ?? this.#begun(file, load)
    if (entry === undefined) return undefined
    this.#entries.delete(file.sha256)
    this.#entries.set(file.sha256, entry)
    entry.holders += 1
    let isHeld = true
    const release = () => {
      if (isHeld) entry.holders -= 1
      isHeld = false
    }
    return { bytes: await entry.bytes, release }
  }

  #begun(file: SteadyFile, load: () => Promise<Buffer>): Entry | undefined {
    if (!this.#makeRoom(file.size)) return undefined
    const entry: Entry = { size: file.size, bytes: load(), holders: 0 }
    this.#used += file.size
    entry.bytes.catch(() => this.#drop(file.sha256, entry))
    return entry
  }

  /** Nothing is given up where that wouldn't suffice. */
  #makeRoom(size: number): boolean {
    const idle = [...this.#entries].filter(([, { holders }]) => holders === 0)
    const free = this.#budget - this.#used
    if (free + idle.reduce((sum, [, entry]) => sum + entry.size, 0) < size) return false
    for (const [sha256, entry] of idle) {
      if (this.#budget - this.#used >= size) break
      this.#drop(sha256, entry)
    }
    return true
  }

  #drop(sha256: string, entry: Entry): void {
    if (this.#entries.get(sha256) !== entry) return
    this.#entries.delete(sha256)
    this.#used -= entry.size
  }
}
