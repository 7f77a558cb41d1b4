/** Milliseconds since the epoch. Passed in everywhere, so that tests and the simulator own time. */
export type Now = () => number

const MAX_COUNTER = 999_999

/**
 * A hybrid logical clock: wall time that never goes back and never repeats, so that any two writes
 * of one instance are ordered (Kulkarni et al., "Logical Physical Clocks", 2014).
 */
export class HybridClock {
  readonly #now: Now
  #wall: number
  #counter: number

  /** @param last the latest stamp that was ever issued or seen, or the empty string. */
  constructor(now: Now, last: string) {
    this.#now = now
    const [wall = '0', counter = '0'] = last.split('.')
    this.#wall = Number(wall)
    this.#counter = Number(counter)
  }

  /** A new stamp, later than all before. Stamps sort as text: 13 digits of milliseconds, a dot, 6 digits. */
  tick(): string {
    const wall = this.#now()
    if (wall > this.#wall) {
      this.#wall = wall
      this.#counter = 0
    } else if (this.#counter < MAX_COUNTER) {
      this.#counter += 1
    } else {
      // The wall clock was set back for long: a seventh digit would sort wrongly.
      this.#wall += 1
      this.#counter = 0
    }
    return this.last
  }

  /** The latest stamp that was issued or seen; empty: none. */
  get last(): string {
    return this.#wall === 0 ? '' : `${String(this.#wall).padStart(13, '0')}.${String(this.#counter).padStart(6, '0')}`
  }

  /** Takes note of another instance's stamp: those of here come after it from now on, however far ahead its clock is. */
  observe(stamp: string): void {
    const [wall = '0', counter = '0'] = stamp.split('.')
    if (Number(wall) < this.#wall || (Number(wall) === this.#wall && Number(counter) <= this.#counter)) return
    this.#wall = Number(wall)
    this.#counter = Number(counter)
  }
}
