/** A wall clock that stands still until a test moves it. */
export class FakeClock {
  time = Date.UTC(2026, 10, 22)

  readonly now = (): number => this.time

  /** @param seconds negative: the clock is set back. */
  advance(seconds: number): void {
    this.time += seconds * 1000
  }
}
