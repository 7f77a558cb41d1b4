import type { Contact } from './address-rules.ts'

/**
 * One sign of life. `boot` tells this run of the instance from others, `number` counts its beats; `echo` is the last number
 * that it heard of the other's run `echoBoot`. A recorded one can't be passed off as new: the number must rise, and what
 * counts as an answer must name a beat sent a moment ago.
 */
export type Beat = {
  readonly boot: string
  readonly number: number
  readonly echoBoot: string
  readonly echo: number
}

/** The two ways by which the instances hear each other. */
export const PATHS = ['link', 'network'] as const
export type Path = (typeof PATHS)[number]

/** Beats whose time of sending is remembered: an answer to an older one tells nothing. */
const REMEMBERED = 64
/** Runs of the other instance whose beats are known to be old. */
const OLD_BOOTS = 256

/** What is heard of the other instance, and what it says that it heard. Times are milliseconds of this instance's clock. */
export class ContactLog {
  readonly boot: string
  #number = 0
  readonly #sentAt = new Map<number, number>()
  #peerBoot = ''
  #peerNumber = -1
  readonly #oldBoots: string[] = []
  readonly #heardAt: Record<Path, number> = { link: 0, network: 0 }
  readonly #answeredAt: Record<Path, number> = { link: 0, network: 0 }
  readonly #confirmedAt: Record<Path, number> = { link: 0, network: 0 }

  /** @param boot random, of this run. */
  constructor(boot: string) {
    this.boot = boot
  }

  /** The next beat to send, on all paths alike. */
  next(now: number): Beat {
    this.#number += 1
    this.#sentAt.set(this.#number, now)
    this.#sentAt.delete(this.#number - REMEMBERED)
    return { boot: this.boot, number: this.#number, echoBoot: this.#peerBoot, echo: this.#peerNumber }
  }

  /** Takes a beat that is the other instance's own, whenever it was sent. @returns whether it is news. */
  take(beat: Beat, path: Path, now: number): boolean {
    const isAnswer = beat.echoBoot === this.boot && this.#sentAt.has(beat.echo)
    if (beat.boot !== this.#peerBoot) {
      // Of a run that isn't known nothing tells a recorded beat from a new one, but that it answers.
      if (!isAnswer && this.#oldBoots.includes(beat.boot)) return false
      if (this.#peerBoot !== '') this.#oldBoots.push(this.#peerBoot)
      if (this.#oldBoots.length > OLD_BOOTS) this.#oldBoots.shift()
      this.#peerBoot = beat.boot
      this.#peerNumber = -1
    }
    const isNews = beat.number > this.#peerNumber
    // The same beat comes by both paths.
    if (beat.number < this.#peerNumber) return false
    this.#peerNumber = beat.number
    this.#heardAt[path] = now
    if (isAnswer) {
      this.#answeredAt[path] = now
      const sent = this.#sentAt.get(beat.echo) as number
      if (sent > this.#confirmedAt[path]) this.#confirmedAt[path] = sent
    }
    return isNews
  }

  heardAt(path: Path): number {
    return this.#heardAt[path]
  }

  /** When it was heard last to have heard this instance a moment before: a path that is cut one way only is no path. */
  answeredAt(path: Path): number {
    return this.#answeredAt[path]
  }

  /** @param floor when nothing was heard, since when nothing was. */
  contact(floor: number): Contact {
    return {
      agreedUntil: this.#confirmedAt.link,
      heardAt: Math.max(floor, this.#heardAt.link, this.#heardAt.network),
      confirmedAt: Math.max(this.#confirmedAt.link, this.#confirmedAt.network)
    }
  }
}
