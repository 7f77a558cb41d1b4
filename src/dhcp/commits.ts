export type Commits<T> = {
  /** @returns false when too many wait already: then this one is not taken. */
  add(item: T): boolean
  /** Resolves when all that was added is settled. */
  idle(): Promise<void>
}

/** A batch at most: storage that takes a tenth of a second for more would let firmware's retries overtake it. */
const LARGEST_BATCH = 512
/** So many are begun with before the turn ends: the storage works while the rest of a storm's packets are answered. */
const ENOUGH = 32
/** Commits at once: the storage begins with the next one while what became of the last one is told. */
const TWO = () => 2

/**
 * Gathers what one turn of the event loop adds into one commit. While as many run as may, the next one
 * gathers: the slower the storage, the larger the batches.
 * @param commit settles a batch, whatever becomes of it; it doesn't fail. Batches are begun in their order.
 * @param limit how many may wait, those being committed included.
 * @param atOnce how many may run.
 */
export function groupCommits<T>(
  commit: (batch: readonly T[]) => Promise<void>,
  limit: number,
  atOnce: () => number = TWO
): Commits<T> {
  const gathering: T[] = []
  let committing = 0
  let running = 0
  let isScheduled = false
  let whenIdle: (() => void)[] = []

  return {
    add(item) {
      if (gathering.length + committing >= limit) return false
      gathering.push(item)
      if (gathering.length >= ENOUGH && running === 0) run()
      else schedule()
      return true
    },
    async idle() {
      if (running > 0 || gathering.length > 0) await new Promise<void>((resolve) => whenIdle.push(resolve))
    }
  }

  /** At the end of the turn: more may be added until then. */
  function schedule(): void {
    if (isScheduled || running >= atOnce()) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      if (gathering.length > 0 && running < atOnce()) run()
    })
  }

  async function run(): Promise<void> {
    const batch = gathering.splice(0, LARGEST_BATCH)
    running += 1
    committing += batch.length
    if (gathering.length > 0) schedule()
    await commit(batch)
    running -= 1
    committing -= batch.length
    if (gathering.length > 0) schedule()
    else if (running === 0) tellIdle()
  }

  function tellIdle(): void {
    const waiting = whenIdle
    whenIdle = []
    for (const resolve of waiting) resolve()
  }
}
