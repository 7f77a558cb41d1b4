import {
  broadcastOf,
  type Cidr,
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  networkAddress,
  prefixOf
} from '../net/ipv4.ts'
import type { Machine, Pool, Subnet } from './model.ts'

export function inPool(pools: readonly Pool[], address: Ipv4): boolean {
  return poolOf(pools, ipv4ToNumber(address)) >= 0
}

/** @returns its index, -1 for an address outside. */
function poolOf(pools: readonly Pool[], value: number): number {
  return pools.findIndex(({ from, to }) => value >= ipv4ToNumber(from) && value <= ipv4ToNumber(to))
}

/** By subnet, the address chosen last: none before it is free and preferred. */
export type Chosen = Map<Cidr, number>

/** Free addresses more than taken ones that are looked at for one that is preferred: every second one is, where any is. */
const LOOKED_AT = 64

/**
 * The first free address that can be a registered machine's own: outside the pools while there is
 * one, else the last ones of the pools, which dynamic clients get last.
 * @param isTaken whether an address has another use: a machine's, a service's, a lease's.
 * @param isPreferred whether it is better than the first free one.
 * @param chosen where the search begins, and what it changes.
 */
export function chooseFixedAddress(
  subnet: Subnet,
  isTaken: (address: Ipv4) => boolean,
  isPreferred: (address: Ipv4) => boolean = () => true,
  chosen: Chosen = new Map()
): Ipv4 | undefined {
  const from = chosen.get(subnet.cidr)
  const next = from === undefined ? undefined : search(candidates(subnet, from), isTaken, isPreferred).preferred
  const { preferred, first } =
    next === undefined ? search(candidates(subnet), isTaken, isPreferred) : { preferred: next }
  if (preferred === undefined) chosen.delete(subnet.cidr)
  else chosen.set(subnet.cidr, ipv4ToNumber(preferred))
  return preferred ?? first
}

/** Whether a machine that is changed, or removed, has an address no more that it had. */
export function givesUpAddress(before: Machine | undefined, after: Machine | null | undefined): boolean {
  const kept = after?.interfaces ?? []
  return (before?.interfaces ?? []).some(({ ipv4 }) => ipv4 !== null && kept.every((each) => each.ipv4 !== ipv4))
}

function search(
  values: Iterable<number>,
  isTaken: (address: Ipv4) => boolean,
  isPreferred: (address: Ipv4) => boolean
): { preferred?: Ipv4; first?: Ipv4 | undefined } {
  let first: Ipv4 | undefined
  let left = LOOKED_AT
  for (const value of values) {
    const address = ipv4FromNumber(value)
    if (isTaken(address)) {
      left += 1
      continue
    }
    if (isPreferred(address)) return { preferred: address }
    first ??= address
    left -= 1
    if (left === 0) break
  }
  return { first }
}

/** @param begin which of them is the first. */
function* candidates({ cidr, pools }: Subnet, begin?: number): Iterable<number> {
  const { first, last } = hostRange(cidr)
  const beginsIn = begin === undefined ? -1 : poolOf(pools, begin)
  for (let value = begin ?? first; beginsIn < 0 && value <= last; value += 1) {
    const pool = pools[poolOf(pools, value)]
    if (pool) value = ipv4ToNumber(pool.to)
    else yield value
  }
  for (const [index, { from, to }] of pools.entries()) {
    if (index < beginsIn) continue
    for (let value = index === beginsIn ? Number(begin) : ipv4ToNumber(to); value >= ipv4ToNumber(from); value -= 1)
      yield value
  }
}

/** RFC 1122: neither the network's own address nor its broadcast; RFC 3021: both ends of a /31. */
function hostRange(cidr: Cidr): { first: number; last: number } {
  const first = ipv4ToNumber(networkAddress(cidr))
  const last = ipv4ToNumber(broadcastOf(cidr))
  return prefixOf(cidr) >= 31 ? { first, last } : { first: first + 1, last: last - 1 }
}
