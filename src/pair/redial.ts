/** Milliseconds within which losses count. */
const WINDOW_MS = 60_000
/** So many are nothing to worry about: an upgrade, a cable. */
const FREE = 3
const FIRST_MS = 500
const LONGEST_MS = 20_000

/** A link that comes and goes is tried less and less often: each time it comes both have to find out what the other lacks. */
export class Redial {
  #lostAt: number[] = []

  /** A link was lost. @returns milliseconds to wait before the next try. */
  lost(now: number): number {
    this.#lostAt = [...this.#lostAt.filter((at) => at > now - WINDOW_MS), now]
    const beyond = this.#lostAt.length - FREE
    return beyond <= 0 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (beyond - 1))
  }
}
