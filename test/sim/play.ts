import type { Faults } from './node.ts'
import { scheduleOf, type Timed } from './schedule.ts'
import { Simulation } from './simulation.ts'

/** What went wrong, and how it came to that. */
export type Failure = {
  readonly seed: number
  readonly message: string
  readonly schedule: readonly Timed[]
  readonly story: readonly string[]
}

/** Plays a schedule. @returns undefined when nothing went wrong. */
export async function play(
  seed: number,
  faults: Faults = {},
  schedule = scheduleOf(seed)
): Promise<Failure | undefined> {
  const simulation = new Simulation(seed, faults)
  try {
    await simulation.play(schedule)
    return undefined
  } catch (error) {
    const { message, name, stack } = error as Error
    return { seed, schedule, story: simulation.world.story, message: name === 'Violation' ? message : String(stack) }
  } finally {
    simulation.close()
  }
}

/** Leaves out of a schedule what isn't needed for something to go wrong, one event after the other until none can be missed. */
export async function shrink(failure: Failure, faults: Faults = {}): Promise<Failure> {
  let least = failure
  for (let again = true; again; ) {
    again = false
    for (let index = least.schedule.length - 1; index >= 0; index -= 1) {
      const without = least.schedule.toSpliced(index, 1)
      const still = await play(failure.seed, faults, without)
      if (still === undefined) continue
      least = still
      again = true
    }
  }
  return least
}

/** The story of a failure, for people: its last lines, for it ends where something went wrong. */
export function storyOf({ seed, message, schedule, story }: Failure): string {
  return [`seed ${seed}: ${message}`, `${schedule.length} events are needed for it:`, ...story].join('\n')
}
