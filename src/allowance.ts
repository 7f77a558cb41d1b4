/** How much of something there may be: so many at once, and so many a second on average. */
export class Allowance {
  readonly #atOnce: number
  readonly #aSecond: number
  readonly #now: () => number
  #left: number
  #at: number

  /** @param now milliseconds. */
  constructor({ atOnce, aSecond }: { atOnce: number; aSecond: number }, now: () => number) {
    this.#atOnce = atOnce
    this.#aSecond = aSecond
    this.#now = now
    this.#left = atOnce
    this.#at = now()
  }

  /** @returns whether there is one more. */
  take(): boolean {
    const now = this.#now()
    // A clock that was set back takes nothing away.
    const seconds = Math.max(0, now - this.#at) / 1000
    this.#at = now
    this.#left = Math.min(this.#atOnce, this.#left + seconds * this.#aSecond)
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
