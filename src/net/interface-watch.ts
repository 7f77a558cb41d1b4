import { absence, type Interface } from './interfaces.ts'
import type { Links } from './links.ts'

export type WatchOptions = {
  readonly interfaces: readonly Interface[]
  readonly links: () => Links
  readonly log: { info(message: string): void; warn(message: string): void }
}

type Watched = {
  readonly at: Interface
  /** Of the interface that is served; undefined while none is. */
  index: number | undefined
  /** Why it isn't, as it was told last. */
  trouble?: string
}

/**
 * Tells of interfaces that go, and has those that come back served again. Linux gives a socket that is bound to
 * an address its packets again as soon as the address is back; what is bound to an interface is bound to its index, and
 * stays deaf once that interface was deleted.
 */
export class InterfaceWatch {
  readonly #links: () => Links
  readonly #log: WatchOptions['log']
  readonly #watched: readonly Watched[]
  readonly #returns = new Set<{ readonly name: string; readonly reopen: () => void }>()

  /** The interfaces are taken to be served as they are now. */
  constructor({ interfaces, links, log }: WatchOptions) {
    this.#links = links
    this.#log = log
    const now = links()
    this.#watched = interfaces.map((at) => ({ at, index: now.get(at.name)?.index }))
  }

  /**
   * @param reopen called when an interface is back; again each time if it throws.
   * @returns what ends that.
   */
  onReturn(name: string, reopen: () => void): () => void {
    const entry = { name, reopen }
    this.#returns.add(entry)
    return () => this.#returns.delete(entry)
  }

  /** Compares the interfaces with how they were the last time. Never throws. */
  look(): void {
    let links: Links
    try {
      links = this.#links()
    } catch {
      // File descriptors are short: that is for others to tell, and the next look sees the same.
      return
    }
    for (const each of this.#watched) this.#check(each, links)
  }

  #check(watched: Watched, links: Links): void {
    const { at } = watched
    const absent = absence(at, links)
    const index = links.get(at.name)?.index
    if (absent === undefined && index === watched.index) return
    if (watched.index !== undefined) {
      this.#log.warn(`interface ${at.name} is gone: ${absent ?? 'it was deleted and made again'}`)
      watched.index = undefined
    }
    if (absent !== undefined) return
    try {
      for (const { name, reopen } of this.#returns) if (name === at.name) reopen()
    } catch (error) {
      const { message } = error as Error
      if (message !== watched.trouble) {
        this.#log.warn(`interface ${at.name} is back, but not served; it is tried again each second: ${message}`)
      }
      watched.trouble = message
      return
    }
    watched.index = index
    delete watched.trouble
    this.#log.info(`interface ${at.name} is back, serving ${at.address}`)
  }
}
