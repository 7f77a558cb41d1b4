import type { Ipv4 } from '../net/ipv4.ts'
import type { Lease, LeaseState } from './lease.ts'

/**
 * Versions count an address's changes of hands in the upper digits, and the changes of one client's lease in the lower
 * ones: who was given an address later has it, however often its last client renewed elsewhere meanwhile.
 */
const HANDS = 2 ** 20

export function nextVersion(version: number, sameClient: boolean): number {
  return sameClient || version === 0 ? version + 1 : (Math.floor(version / HANDS) + 1) * HANDS
}

/** Of equal versions: what keeps an address from others for longer, is more. */
const RANKS: Record<LeaseState, number> = { released: 0, bound: 1, declined: 2 }

/**
 * What both instances make of two leases of one address, whichever of them each had first. A client that was promised two
 * ends holds it until the later one.
 */
export function mergeLeases(one: Lease, other: Lease): Lease {
  const [winner, loser] = compare(one, other) >= 0 ? [one, other] : [other, one]
  if (winner.mac !== loser.mac || winner.state !== 'bound' || loser.state !== 'bound') return winner
  return loser.expiresAt > winner.expiresAt ? { ...winner, expiresAt: loser.expiresAt } : winner
}

/** Milliseconds: times that went through another clock and back are rounded, and that is told to nobody. */
const ROUNDING = 3

/**
 * What the other instance's leases make of those here.
 * @param latest an address's lease here, be it not on disk yet.
 * @param change the number of this instance's last change.
 * @returns what is to be written; of that what the other one doesn't know, numbered from the next on: a later end than its own;
 *   and the addresses that somebody else has here by a later grant.
 */
export function takeOver(
  leases: readonly Lease[],
  latest: (address: Ipv4) => Lease | undefined,
  change: number
): { changed: Lease[]; untold: Lease[]; refused: Ipv4[] } {
  const changed = new Map<Ipv4, Lease>()
  const untold = new Map<Ipv4, Lease>()
  const refused: Ipv4[] = []
  let last = change
  for (const lease of leases) {
    const { address, expiresAt } = lease
    const before = changed.get(address) ?? latest(address)
    const after = before === undefined ? lease : mergeLeases(lease, before)
    if (after === before) {
      if (before.mac !== lease.mac) refused.push(address)
      continue
    }
    if (before !== undefined && compare(lease, before) < 0) {
      // The other one has the later end; it is told the rest with this instance's own change.
      changed.set(address, after)
      if (untold.has(address)) untold.set(address, after)
      continue
    }
    untold.delete(address)
    if (after.expiresAt - expiresAt < ROUNDING) {
      changed.set(address, { ...after, change: 0, knownUntil: 0 })
      continue
    }
    // The other one has an earlier end on disk: that is what counts until it is told this one.
    last += 1
    const mixed = { ...after, change: last, knownUntil: expiresAt }
    changed.set(address, mixed)
    untold.set(address, mixed)
  }
  return { changed: [...changed.values()], untold: [...untold.values()], refused }
}

function compare(a: Lease, b: Lease): number {
  return (
    a.version - b.version ||
    RANKS[a.state] - RANKS[b.state] ||
    compareText(a.mac, b.mac) ||
    compareText(a.owner, b.owner)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
