import type { Poller } from '../net/poller.ts'

/** Milliseconds. A processor that goes to sleep takes about as long to wake up. */
const SHORT = 0.04
/** Of what was expected so far. */
const WEIGHT = 1 / 8
/** Milliseconds that one wait counts for at most: after a pause, a few short ones are believed. */
const LONG = 10 * SHORT

/**
 * Waits for descriptors. Where a client answers within microseconds, going to sleep and being woken up takes longer than
 * that: as long as the waits before were short, it looks again and again for a moment before it sleeps. A client on a
 * real network answers later than that, and takes no processor time.
 */
export class Waiting {
  readonly #poller: Pick<Poller, 'wait'>
  readonly #now: () => number
  #expected = LONG

  /** @param now milliseconds of a clock that never goes back. */
  constructor(poller: Pick<Poller, 'wait'>, now: () => number = () => performance.now()) {
    this.#poller = poller
    this.#now = now
  }

  /** As {@link Poller.wait}. */
  wait(milliseconds: number): number {
    if (milliseconds === 0) return this.#poller.wait(0)
    const from = this.#now()
    let count = 0
    let passed = 0
    if (this.#expected < SHORT) {
      do {
        count = this.#poller.wait(0)
        passed = this.#now() - from
      } while (count === 0 && passed < SHORT)
    }
    if (count === 0) {
      count = this.#poller.wait(milliseconds)
      passed = this.#now() - from
    }
    this.#expected += (Math.min(passed, LONG) - this.#expected) * WEIGHT
    return count
  }
}
