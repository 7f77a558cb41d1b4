import type { Terms } from './address-rules.ts'
import { ONE_CLOCK } from './inbox.ts'

/** Milliseconds that the clocks differ by when people are told: a message that was long on its way makes less. */
const CLOCKS_APART = 5000
/** What every wait is longer by, in milliseconds: a translated time, and a grant that was on its way. */
const SLACK_MS = 10_000

/** How far the clocks of the two instances are apart, as the latest message told. */
export class Clocks {
  readonly #now: () => number
  /** Milliseconds that the other instance's clock is behind. */
  skew = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** @param theirs what the other instance's clock said a moment ago, milliseconds since the epoch. */
  compare(theirs: number): void {
    this.skew = this.#now() - theirs
  }

  /** What waits are longer by. */
  get terms(): Pick<Terms, 'skew' | 'slack'> {
    const apart = Math.abs(this.skew)
    const skew = apart < ONE_CLOCK ? 0 : apart
    return { skew, slack: SLACK_MS + skew }
  }

  /** What people should do about the clocks; undefined: nothing. */
  warning(peer: string): string | undefined {
    const apart = Math.abs(this.skew)
    if (apart < CLOCKS_APART) return undefined
    const by = `${Math.round(apart / 1000)} s ${this.skew > 0 ? 'behind' : 'ahead'}`
    return `the clock of ${peer} is ${by}: leases are right all the same, but set both by NTP`
  }
}
