import type { Contact } from './address-rules.ts'
import { type Beat, ContactLog, type Path } from './contact.ts'
import type { Timing } from './timing.ts'

/** Whether the other instance is there, by its signs of life. */
export class Presence {
  readonly #contact: ContactLog
  readonly #timing: Timing
  readonly #now: () => number
  readonly #sendBeat: (beat: Beat, ask: boolean) => void
  readonly #startedAt: number
  #tickedAt: number
  /** Until then silence tells nothing: this instance itself stood still. */
  #graceUntil = 0
  #connectedAt = 0
  /** When it was asked whether it is there, its link having gone. */
  #askedAt = 0

  constructor(options: {
    readonly boot: string
    readonly timing: Timing
    readonly now: () => number
    readonly sendBeat: (beat: Beat, ask: boolean) => void
  }) {
    this.#contact = new ContactLog(options.boot)
    this.#timing = options.timing
    this.#now = options.now
    this.#sendBeat = options.sendBeat
    this.#startedAt = options.now()
    this.#tickedAt = this.#startedAt
  }

  get boot(): string {
    return this.#contact.boot
  }

  get contact(): Contact {
    return this.#contact.contact(this.#startedAt)
  }

  /** Milliseconds since the epoch; 0: never. */
  heardAt(path: Path): number {
    return this.#contact.heardAt(path)
  }

  heard(beat: Beat, path: Path): void {
    this.#contact.take(beat, path, this.#now())
  }

  /** It wants to know whether this instance is there. */
  answer(): void {
    this.#sendBeat(this.#contact.next(this.#now()), false)
  }

  linked(): void {
    this.#connectedAt = this.#now()
  }

  /** The link was closed at the other end: is its process gone, or only the link? */
  unlinked(): void {
    this.#askedAt = this.#now()
    this.#sendBeat(this.#contact.next(this.#askedAt), true)
  }

  /** @returns the sign of life that goes over the link, too. */
  beat(hasLink: boolean): Beat {
    const now = this.#now()
    if (now - this.#tickedAt > this.#timing.ownDelay) this.#graceUntil = now + this.#timing.ownDelay
    this.#tickedAt = now
    const beat = this.#contact.next(now)
    this.#sendBeat(beat, !hasLink && this.#askedAt > this.#contact.answeredAt('network'))
    return beat
  }

  /** Whether this instance stood still a moment ago, so that nothing follows from what it didn't hear. */
  get isUncertain(): boolean {
    return this.#now() < this.#graceUntil
  }

  /** Whether nothing comes over the link any more, or nothing gets there. */
  get isLinkSilent(): boolean {
    return this.#now() - Math.max(this.#contact.answeredAt('link'), this.#connectedAt) > this.#timing.silence
  }

  /** Without a link: whether it isn't on the provisioning network either. */
  get isSilent(): boolean {
    const now = this.#now()
    const answered = this.#contact.answeredAt('network')
    const isUnanswered = this.#askedAt > answered && now - this.#askedAt >= this.#timing.answer
    return isUnanswered || now - answered > this.#timing.silence
  }

  /** Milliseconds since it was heard last, on whichever path. */
  get silentFor(): number {
    return this.#now() - Math.max(this.heardAt('link'), this.heardAt('network'))
  }
}
