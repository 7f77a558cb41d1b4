/** Milliseconds until what failed is tried again: the first time, and at most. */
const FIRST_PAUSE_MS = 5000
const LONGEST_PAUSE_MS = 300_000

/**
 * Work that is done in the background, one run at a time. Asked for while it runs, it runs once more; where it failed, again after a
 * pause, each time a longer one.
 */
export class Background {
  readonly #work: () => Promise<boolean>
  #isRunning = false
  #isWanted = false
  #isClosed = false
  #pause = FIRST_PAUSE_MS
  #timer: NodeJS.Timeout | undefined

  /** @param work resolves to whether nothing is left to be done; it doesn't fail. */
  constructor(work: () => Promise<boolean>) {
    this.#work = work
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  run(): void {
    this.#isWanted = true
    if (!this.#isRunning && !this.#isClosed) void this.#run()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    clearTimeout(this.#timer)
    let isDone = true
    while (this.#isWanted && !this.#isClosed) {
      this.#isWanted = false
      isDone = await this.#work()
    }
    this.#isRunning = false
    if (isDone) this.#pause = FIRST_PAUSE_MS
    else if (!this.#isClosed) this.#timer = setTimeout(() => this.run(), this.#lengthened()).unref()
  }

  #lengthened(): number {
    const pause = this.#pause
    this.#pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
    return pause
  }
}
