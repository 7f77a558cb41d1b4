import {
  broadcastOf,
  type Cidr,
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  networkAddress,
  prefixOf
} from '../net/ipv4.ts'
import type { Pool, Subnet } from './model.ts'

export function inPool(pools: readonly Pool[], address: Ipv4): boolean {
  const value = ipv4ToNumber(address)
  return pools.some((pool) => value >= ipv4ToNumber(pool.from) && value <= ipv4ToNumber(pool.to))
}

/** Free addresses that are looked at for one that is preferred: every second one is, where any is. */
const LOOKED_AT = 64

/**
 * The first free address that can be a registered machine's own: outside the pools while there is
 * one, else the last ones of the pools, which dynamic clients get last.
 * @param isTaken whether an address has another use: a machine's, a service's, a lease's.
 * @param isPreferred whether it is better than the first free one; it is taken if it is among the next few.
 */
export function chooseFixedAddress(
  subnet: Subnet,
  isTaken: (address: Ipv4) => boolean,
  isPreferred: (address: Ipv4) => boolean = () => true
): Ipv4 | undefined {
  let first: Ipv4 | undefined
  let looked = 0
  for (const value of candidates(subnet)) {
    const address = ipv4FromNumber(value)
    if (isTaken(address)) continue
    if (isPreferred(address)) return address
    first ??= address
    looked += 1
    if (looked === LOOKED_AT) break
  }
  return first
}

function* candidates({ cidr, pools }: Subnet): Iterable<number> {
  const { first, last } = hostRange(cidr)
  for (let value = first; value <= last; value += 1) {
    const pool = pools.find((each) => value >= ipv4ToNumber(each.from) && value <= ipv4ToNumber(each.to))
    if (pool) value = ipv4ToNumber(pool.to)
    else yield value
  }
  for (const { from, to } of pools) {
    for (let value = ipv4ToNumber(to); value >= ipv4ToNumber(from); value -= 1) yield value
  }
}

/** RFC 1122: neither the network's own address nor its broadcast; RFC 3021: both ends of a /31. */
function hostRange(cidr: Cidr): { first: number; last: number } {
  const first = ipv4ToNumber(networkAddress(cidr))
  const last = ipv4ToNumber(broadcastOf(cidr))
  return prefixOf(cidr) >= 31 ? { first, last } : { first: first + 1, last: last - 1 }
}
