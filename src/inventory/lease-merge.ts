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

/**
 * What the other instance's leases make of those here.
 * @param latest an address's lease here, be it not on disk yet.
 * @returns what is to be written, and the addresses that somebody else has here by a later grant.
 */
export function takeOver(
  leases: readonly Lease[],
  latest: (address: Ipv4) => Lease | undefined
): { changed: Lease[]; refused: Ipv4[] } {
  const changed: Lease[] = []
  const refused: Ipv4[] = []
  for (const lease of leases) {
    const before = latest(lease.address)
    const after = before === undefined ? lease : mergeLeases(lease, before)
    if (after === before) {
      if (before.mac !== lease.mac) refused.push(lease.address)
      continue
    }
    // Of what both made together the other one has still to be told this one's part.
    const { change, knownUntil } = before === undefined || after === lease ? { change: 0, knownUntil: 0 } : before
    changed.push({ ...after, change, knownUntil })
  }
  return { changed, refused }
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
