export type Commits<T> = {
  /** @returns false when too many wait already: then this one is not taken. */
  add(item: T): boolean
  /** Resolves when all that was added is settled. */
  idle(): Promise<void>
}

/** A batch at most: storage that takes a tenth of a second for more would let firmware's retries overtake it. */
const LARGEST_BATCH = 512

/**
 * Gathers what one turn of the event loop adds into one commit. While a commit runs, the next one
 * gathers: the slower the storage, the larger the batches, and no two commits overlap.
 * @param commit settles a batch, whatever becomes of it; it doesn't fail.
 * @param limit how many may wait, those being committed included.
 */
export function groupCommits<T>(commit: (batch: readonly T[]) => Promise<void>, limit: number): Commits<T> {
  const gathering: T[] = []
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
      const batch = gathering.splice(0, LARGEST_BATCH)
      committing = batch.length
      await commit(batch)
      committing = 0
    }
    running = undefined
  }
}
