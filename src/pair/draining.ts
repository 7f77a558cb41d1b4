/** Which of the two takes no new work, because it is about to be stopped. */
export class Draining {
  readonly #peer: string
  readonly #tell: (message: string) => void
  /** When what is under way here needn't be waited for any more, milliseconds since the epoch; undefined: this instance doesn't drain. */
  until: number | undefined
  /** Whether the other one says that it drains. */
  isPeers = false

  constructor(peer: string, tell: (message: string) => void) {
    this.#peer = peer
    this.#tell = tell
  }

  begin(until: number): void {
    this.until = until
    this.#tell(`draining: ${this.#peer} takes over new work`)
  }

  end(): void {
    if (this.until === undefined) return
    this.until = undefined
    this.#tell('this instance takes new work again')
  }
}
