import type { Slot } from './inventory/address-shares.ts'
import type { Inventory } from './inventory/inventory.ts'
import type { Leases } from './inventory/leases.ts'
import type { Subnet } from './inventory/model.ts'
import { ipv4FromNumber, ipv4ToNumber } from './net/ipv4.ts'
import type { Pair } from './pair/pair.ts'
import { ownerOf } from './pair/shares.ts'

/** The pair as REST and the command line show it. Times are RFC 3339, lengths of time as their names say. @param peer the other instance's name. */
export function pairView(
  pair: Pair,
  peer: string,
  inventory: Inventory,
  leases: Leases,
  { transfers, now }: { readonly transfers: number; readonly now: number }
): Record<string, unknown> {
  const { state, slot, isConnected, lag, progress, clocks, draining, wait } = pair
  const warning = clocks.warning(peer)
  const { last, acknowledged } = leases.changes
  const pooled = [...inventory.list('subnet')].filter(({ pools }) => pools.length > 0)
  return {
    state: state.name,
    since: time(state.since),
    slot,
    peer: { instance: peer, version: pair.peer?.version ?? null, draining: draining.isPeers },
    connected: isConnected,
    lastContact: { link: time(pair.heardAt('link')), network: time(pair.heardAt('network')) },
    ...(warning === undefined ? {} : { warning }),
    clockSkewSeconds: Math.round(clocks.skew / 100) / 10,
    lagMilliseconds: lag,
    behind: { ops: inventory.log.behind, leases: last - acknowledged },
    receiving: progress ?? null,
    shares: pooled.map((subnet) => {
      const got = gotOf(subnet, slot, inventory)
      return {
        subnet: subnet.cidr,
        own: shareOf(subnet, slot) + got,
        other: shareOf(subnet, 1 - slot) - got
      }
    }),
    draining:
      draining.until === undefined
        ? null
        : { until: time(draining.until), transfers, mayBeStopped: transfers === 0 || draining.until < now },
    sole:
      state.name === 'PARTNER_DOWN'
        ? { fenced: state.solitude.fenced, othersAddressesFrom: time(state.solitude.othersUntil + wait) }
        : null
  }
}

/** How many of a subnet's pool addresses are an instance's to give out from the beginning: every second one (pair/shares.ts). */
function shareOf({ pools }: Subnet, slot: number): number {
  const upTo = (address: number) => Math.floor((address + 2 - slot) / 2)
  return pools.reduce((sum, { from, to }) => sum + upTo(ipv4ToNumber(to)) - upTo(ipv4ToNumber(from) - 1), 0)
}

/** How many more it has got from the other one than that from it. */
function gotOf({ pools }: Subnet, slot: Slot, { shares }: Inventory): number {
  let got = 0
  for (const [address, owner] of shares.entries()) {
    const isHere = pools.some(({ from, to }) => ipv4ToNumber(from) <= address && address <= ipv4ToNumber(to))
    const first = ownerOf(ipv4FromNumber(address))
    if (isHere && owner !== first) got += owner === slot ? 1 : -1
  }
  return got
}

function time(milliseconds: number): string | null {
  return milliseconds > 0 ? new Date(milliseconds).toISOString() : null
}
