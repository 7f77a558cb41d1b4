import type { Way } from './network.ts'
import { Random } from './world.ts'

export type Name = 'a' | 'b'

/** What happens to a pair from outside. */
export type Action =
  | { readonly kind: 'kill' | 'start' | 'freeze' | 'thaw'; readonly node: Name }
  | { readonly kind: 'cut' | 'heal'; readonly path: 'link' | 'network'; readonly way: Way | 'both' }
  /** A person says that the other instance is down. `fenced`: it was switched off; that is said only where it is true. */
  | { readonly kind: 'partner-down'; readonly node: Name; readonly fenced: boolean }
  | { readonly kind: 'clock'; readonly node: Name; readonly by: number }
  | { readonly kind: 'boot'; readonly client: number; readonly remembers: boolean }
  | { readonly kind: 'off' | 'release'; readonly client: number }
  | { readonly kind: 'reach'; readonly client: number; readonly node: Name; readonly reachable: boolean }
  | { readonly kind: 'write'; readonly node: Name; readonly role: number; readonly value: number }
  | {
      readonly kind: 'register'
      readonly node: Name
      readonly machine: number
      readonly mac: number
      readonly address: number | undefined
    }
  | { readonly kind: 'remove'; readonly node: Name; readonly machine: number }

export type Timed = { readonly at: number } & Action

export const CLIENTS = 5
export const HOUR = 3_600_000

/** A random schedule, by its seed: some hours in which everything that can happen happens. */
export function scheduleOf(seed: number): readonly Timed[] {
  const random = new Random(`schedule ${seed}`)
  const length = random.between(2, 6) * HOUR
  const actions: Timed[] = []
  for (let client = 0; client < CLIENTS; client += 1) {
    actions.push({ at: random.between(0, length / 2), kind: 'boot', client, remembers: false })
  }
  const count = random.between(4, 24)
  for (let each = 0; each < count; each += 1) {
    const at = random.between(0, length)
    actions.push({ at, ...actionOf(random) })
  }
  return actions.sort((one, other) => one.at - other.at)
}

export function lengthOf(schedule: readonly Timed[]): number {
  return Math.max(HOUR, ...schedule.map(({ at }) => at)) + HOUR
}

const KINDS: readonly (readonly [number, (random: Random) => Action])[] = [
  [6, (random) => ({ kind: 'kill', node: nodeOf(random) })],
  [8, (random) => ({ kind: 'start', node: nodeOf(random) })],
  [2, (random) => ({ kind: 'freeze', node: nodeOf(random) })],
  [3, (random) => ({ kind: 'thaw', node: nodeOf(random) })],
  [5, (random) => ({ kind: 'cut', path: random.chance(0.6) ? 'link' : 'network', way: wayOf(random) })],
  [3, (random) => ({ kind: 'heal', path: random.chance(0.6) ? 'link' : 'network', way: wayOf(random) })],
  [6, (random) => ({ kind: 'partner-down', node: nodeOf(random), fenced: random.chance(0.5) })],
  [1, (random) => ({ kind: 'clock', node: nodeOf(random), by: random.between(-HOUR, HOUR) })],
  [6, (random) => ({ kind: 'boot', client: random.between(0, CLIENTS - 1), remembers: random.chance(0.5) })],
  [2, (random) => ({ kind: 'off', client: random.between(0, CLIENTS - 1) })],
  [2, (random) => ({ kind: 'release', client: random.between(0, CLIENTS - 1) })],
  [
    3,
    (random) => ({
      kind: 'reach',
      client: random.between(0, CLIENTS - 1),
      node: nodeOf(random),
      reachable: random.chance(0.4)
    })
  ],
  [5, (random) => ({ kind: 'write', node: nodeOf(random), role: random.between(0, 2), value: random.between(0, 99) })],
  [
    3,
    (random) => ({
      kind: 'register',
      node: nodeOf(random),
      machine: random.between(0, 2),
      mac: random.between(0, 2),
      address: random.chance(0.5) ? random.between(0, 5) : undefined
    })
  ],
  [1, (random) => ({ kind: 'remove', node: nodeOf(random), machine: random.between(0, 2) })]
]
const WEIGHTS = KINDS.reduce((sum, [weight]) => sum + weight, 0)

function actionOf(random: Random): Action {
  let left = random.next() * WEIGHTS
  for (const [weight, make] of KINDS) {
    left -= weight
    if (left < 0) return make(random)
  }
  return { kind: 'boot', client: 0, remembers: true }
}

function nodeOf(random: Random): Name {
  return random.chance(0.5) ? 'a' : 'b'
}

function wayOf(random: Random): Way | 'both' {
  return random.pick(['both', 'both', 'a>b', 'b>a'] as const)
}
