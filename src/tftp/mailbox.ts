import type { Step } from '../net/step.ts'
import type { FromThread, Told } from './messages.ts'

/** Steps that may be under way to a daemon that is busy; of what comes beyond, only the number is told. */
const MOST_STEPS = 2000

/** Gathers what the thread has to tell in a turn. A flood of requests can't grow the daemon, nor what is under way to it. */
export class Mailbox {
  readonly #post: (message: FromThread) => void
  #told: Told[] = []
  #steps = 0
  #untold = new Map<string, number>()

  constructor(post: (message: FromThread) => void) {
    this.#post = post
  }

  tell(told: Told): void {
    this.#told.push(told)
  }

  report(step: Step): void {
    if (this.#steps >= MOST_STEPS) {
      this.#untold.set(step.outcome, (this.#untold.get(step.outcome) ?? 0) + 1)
      return
    }
    this.#steps += 1
    this.tell({ type: 'step', step })
  }

  /** The daemon has taken steps in. */
  seen(steps: number): void {
    this.#steps -= steps
    for (const [outcome, count] of this.#untold) {
      const answered = `${outcome}, not told one by one`
      this.report({
        protocol: 'tftp',
        asked: `${count} further datagrams`,
        answered,
        level: 'info',
        keep: false,
        outcome
      })
    }
    this.#untold.clear()
  }

  /** Sends what was gathered. */
  flush(stopped = false): void {
    if (this.#told.length === 0 && !stopped) return
    this.#post({ told: this.#told, stopped })
    this.#told = []
  }
}
