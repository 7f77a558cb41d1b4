/**
 * The life of a machine: which generation it is in, what that generation is for, and how far it
 * got. Two instances that were apart merge it by taking the greater, never the later by clock.
 */

/**
 * Numbers the acts of administrators on one machine. Two instances may start one each while apart; the origin tells them apart.
 * @property mark random, as a machine that is removed and added anew counts from 1 again, and its disk may bear what an
 *   installer of the earlier 1 left there. Versions that knew no pair made none.
 */
export type Generation = { readonly counter: number; readonly origin: string; readonly mark?: string }

const GOALS = ['discover', 'local', 'install', 'retire'] as const
/**
 * What a generation is for. `discover`: nobody registered the machine yet. The order is that of merging; a
 * generation's goal is fixed, but for the first one's, which registration raises from `discover` to `local`.
 */
export type Goal = (typeof GOALS)[number]

const RANKS = ['requested', 'installing', 'failed', 'installed'] as const
/** How far a generation's install got; the order is the order of merging. */
export type Rank = (typeof RANKS)[number]

export type Life = { readonly generation: Generation; readonly goal: Goal; readonly rank: Rank }

/** What people see. */
export type MachineState =
  | 'discovered'
  | 'registered'
  | 'install requested'
  | 'installing'
  | 'failed'
  | 'installed'
  | 'retired'

export const DISCOVERED: Life = { generation: { counter: 0, origin: '' }, goal: 'discover', rank: 'requested' }
export const REGISTERED: Life = { generation: { counter: 0, origin: '' }, goal: 'local', rank: 'requested' }

/** Starts a new generation: an install, the end of one (`local`), a retirement. */
export function nextGeneration(life: Life, goal: Goal, origin: string, mark?: string): Life {
  const generation = { counter: life.generation.counter + 1, origin, ...(mark !== undefined && { mark }) }
  return { generation, goal, rank: 'requested' }
}

/** Raises the rank within the generation; a lower rank, such as a late `installing`, changes nothing. */
export function advance(life: Life, rank: Rank): Life {
  return mergeLife(life, { ...life, rank })
}

/** The greater of two lives, by generation, then rank. Commutative, associative and idempotent. */
export function mergeLife(a: Life, b: Life): Life {
  return compareLife(a, b) >= 0 ? a : b
}

export function stateOf(life: Life): MachineState {
  switch (life.goal) {
    case 'discover':
      return 'discovered'
    case 'local':
      return 'registered'
    case 'retire':
      return 'retired'
    case 'install':
      return life.rank === 'requested' ? 'install requested' : life.rank
  }
}

/** `3-a-9f2c`: the counter and the origin that started it. */
export function generationText(generation: Generation): string {
  return `${generation.counter}-${generation.origin}`
}

/** What the disk bears of the generation that was installed on it: nothing that was installed before says the same. */
export function diskMarker(generation: Generation): string {
  return `tandem installed ${generationText(generation)} ${generation.mark ?? ''}`.trimEnd()
}

function compareLife(a: Life, b: Life): number {
  const byCounter = a.generation.counter - b.generation.counter
  if (byCounter !== 0) return byCounter
  if (a.generation.origin !== b.generation.origin) return a.generation.origin < b.generation.origin ? -1 : 1
  const [mark, other] = [a.generation.mark ?? '', b.generation.mark ?? '']
  if (mark !== other) return mark < other ? -1 : 1
  if (a.goal !== b.goal) return GOALS.indexOf(a.goal) - GOALS.indexOf(b.goal)
  return RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank)
}
