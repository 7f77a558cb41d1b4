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
  /** What an administrator asks for a host, or that it is removed, and added anew. */
  | { readonly kind: 'order'; readonly node: Name; readonly host: number; readonly what: Order }
  /** So many writes at once that whoever is away is too far behind. */
  | { readonly kind: 'flood'; readonly node: Name }
  /** The disk breaks while the other instance has everything: another one joins that. */
  | { readonly kind: 'replace'; readonly node: Name }
  /** What goes wrong the next time that an inventory is sent as a whole, at its so-many-th message. */
  | { readonly kind: 'interrupt'; readonly what: 'receiver' | 'sender' | 'link'; readonly message: number }

export type Order = 'install' | 'cancel' | 'remove' | 'add'

export type Timed = { readonly at: number } & Action

/** Clients, and among them the last ones, which are machines that boot from the network. */
export const CLIENTS = 7
export const HOSTS = 2
const FIRST_HOST = CLIENTS - HOSTS
export const HOUR = 3_600_000
const MINUTE = 60_000

/** A random schedule, by its seed: some hours in which everything that can happen happens. */
export function scheduleOf(seed: number): readonly Timed[] {
  const random = new Random(`schedule ${seed}`)
  const length = random.between(2, 6) * HOUR
  const actions: Timed[] = []
  for (let client = 0; client < CLIENTS; client += 1) {
    actions.push({ at: random.between(0, length / 2), kind: 'boot', client, remembers: false })
  }
  for (let host = 0; host < HOSTS; host += 1) {
    if (random.chance(0.5)) continue
    const at = random.between(0, length / 2)
    actions.push({ at, kind: 'order', node: nodeOf(random), host, what: 'install' })
    for (const after of [10 * MINUTE, 2 * HOUR]) {
      actions.push({ at: at + random.between(0, after), kind: 'boot', client: FIRST_HOST + host, remembers: false })
    }
  }
  const count = random.between(4, 26)
  for (let each = 0; each < count; each += 1) {
    const at = random.between(0, length)
    const action = actionOf(random)
    // Two that are each too far behind the other can't be brought together.
    if (action.kind === 'flood' && actions.some(({ kind }) => kind === 'flood')) continue
    actions.push({ at, ...action }, ...companionsOf(at, action, random))
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
  [5, (random) => ({ kind: 'boot', client: random.between(0, FIRST_HOST - 1), remembers: random.chance(0.5) })],
  [5, (random) => ({ kind: 'boot', client: random.between(FIRST_HOST, CLIENTS - 1), remembers: random.chance(0.5) })],
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
  [1, (random) => ({ kind: 'remove', node: nodeOf(random), machine: random.between(0, 2) })],
  [5, (random) => ({ kind: 'order', node: nodeOf(random), host: hostOf(random), what: orderOf(random) })],
  [0.5, (random) => ({ kind: 'flood', node: nodeOf(random) })],
  [0.7, (random) => ({ kind: 'replace', node: nodeOf(random) })]
]
const WEIGHTS = KINDS.reduce((sum, [weight]) => sum + weight, 0)

/** What has to happen as well, so that a whole inventory is sent and that is disturbed. */
function companionsOf(at: number, action: Action, random: Random): Timed[] {
  if (action.kind !== 'flood' && action.kind !== 'replace') return []
  const disturbance: Timed = { at, kind: 'interrupt', what: troubleOf(random), message: random.between(1, 12) }
  const other = action.node === 'a' ? 'b' : 'a'
  return [
    ...(random.chance(0.7) ? [disturbance] : []),
    ...(action.kind === 'flood'
      ? [
          { at: Math.max(0, at - random.between(0, HOUR)), kind: 'kill', node: other } as const,
          { at: at + random.between(0, HOUR), kind: 'start', node: other } as const
        ]
      : [])
  ]
}

function actionOf(random: Random): Action {
  let left = random.next() * WEIGHTS
  for (const [weight, make] of KINDS) {
    left -= weight
    if (left < 0) return make(random)
  }
  return { kind: 'boot', client: 0, remembers: true }
}

function hostOf(random: Random): number {
  return random.between(0, HOSTS - 1)
}

function orderOf(random: Random): Order {
  return random.pick(['install', 'install', 'install', 'cancel', 'remove', 'add'] as const)
}

function troubleOf(random: Random) {
  return random.pick(['receiver', 'sender', 'link'] as const)
}

function nodeOf(random: Random): Name {
  return random.chance(0.5) ? 'a' : 'b'
}

function wayOf(random: Random): Way | 'both' {
  return random.pick(['both', 'both', 'a>b', 'b>a'] as const)
}
