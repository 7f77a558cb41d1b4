export type Commits<T> = {
  /** @returns false when too many wait already: then this one is not taken. */
  add(item: T): boolean
  /** Resolves when all that was added is settled. */
  idle(): Promise<void>
}

/**
 * Gathers what one turn of the event loop adds into one commit. While a commit runs, the next one
 * gathers: the slower the storage, the larger the batches, and no two commits overlap.
 * @param commit makes a batch durable.
 * @param settled told after each batch; the error is what `commit` threw.
 * @param limit how many may wait, those being committed included.
 */
export function groupCommits<T>(
  commit: (batch: readonly T[]) => Promise<void>,
  settled: (batch: readonly T[], error?: Error) => void,
  limit: number
): Commits<T> {
  let gathering: T[] = []
  let committing = 0
  let running: Promise<void> | undefined

  return {
    add(item) {
      if (gathering.length + committing >= limit) return false
      gathering.push(item)
      running ??= run()
      return true
    },
    async idle() {
      await running
    }
  }

  async function run(): Promise<void> {
    while (gathering.length > 0) {
      await new Promise((turnEnded) => setImmediate(turnEnded))
      const batch = gathering
      gathering = []
      committing = batch.length
      const error = await failureOf(batch)
      committing = 0
      settled(batch, error)
    }
    running = undefined
  }

  async function failureOf(batch: readonly T[]): Promise<Error | undefined> {
    try {
      await commit(batch)
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}
