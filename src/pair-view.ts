import type { Subnet } from './inventory/model.ts'
import { ipv4FromNumber, ipv4ToNumber } from './net/ipv4.ts'
import type { Pair } from './pair/pair.ts'
import type { KnownPeer } from './pair-file.ts'

/** The pair as REST and the command line show it. Times are RFC 3339, lengths of time as their names say. @param busy transfers under way. */
export function pairView(
  pair: Pair,
  known: KnownPeer | undefined,
  subnets: readonly Subnet[],
  busy: number
): Record<string, unknown> {
  const { state, since, slot, peer, connected, heardAt, skew, lag, behind, progress, solitude } = pair.status
  const until = pair.drainUntil
  return {
    state,
    since: time(since),
    slot,
    peer: known && { instance: known.instance, version: peer?.version ?? null, draining: peer?.draining ?? false },
    connected,
    lastContact: { link: time(heardAt.link), network: time(heardAt.network) },
    clockSkewSeconds: Math.round(skew / 100) / 10,
    lagMilliseconds: lag,
    behind,
    receiving: progress ?? null,
    shares: subnets.filter(({ pools }) => pools.length > 0).map((subnet) => shareView(pair, subnet)),
    draining:
      until === undefined
        ? null
        : { until: time(until), transfers: busy, mayBeStopped: busy === 0 || until < Date.now() },
    sole: solitude ? { fenced: solitude.fenced, othersAddressesFrom: time(solitude.othersUntil + pair.wait) } : null
  }
}

function shareView(pair: Pair, { cidr, pools }: Subnet): Record<string, unknown> {
  const counts = [0, 0]
  for (const { from, to } of pools) {
    for (let address = ipv4ToNumber(from); address <= ipv4ToNumber(to); address += 1) {
      const owner = pair.shares.ownerOf(ipv4FromNumber(address))
      counts[owner] = (counts[owner] as number) + 1
    }
  }
  const { slot } = pair.status
  return { subnet: cidr, own: counts[slot], other: counts[1 - slot] }
}

function time(milliseconds: number): string | null {
  return milliseconds > 0 ? new Date(milliseconds).toISOString() : null
}
