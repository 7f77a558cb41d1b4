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

/**
 * The first free address that can be a registered machine's own: outside the pools while there is
 * one, else the last ones of the pools, which dynamic clients get last.
 * @param isTaken whether an address has another use: a machine's, a service's, a lease's.
 */
export function chooseFixedAddress(subnet: Subnet, isTaken: (address: Ipv4) => boolean): Ipv4 | undefined {
  const { first, last } = hostRange(subnet.cidr)
  for (let value = first; value <= last; value += 1) {
    const pool = subnet.pools.find((each) => value >= ipv4ToNumber(each.from) && value <= ipv4ToNumber(each.to))
    if (pool) value = ipv4ToNumber(pool.to)
    else if (!isTaken(ipv4FromNumber(value))) return ipv4FromNumber(value)
  }
  for (const pool of subnet.pools) {
    for (let value = ipv4ToNumber(pool.to); value >= ipv4ToNumber(pool.from); value -= 1) {
      if (!isTaken(ipv4FromNumber(value))) return ipv4FromNumber(value)
    }
  }
  return undefined
}

/** RFC 1122: neither the network's own address nor its broadcast; RFC 3021: both ends of a /31. */
function hostRange(cidr: Cidr): { first: number; last: number } {
  const first = ipv4ToNumber(networkAddress(cidr))
  const last = ipv4ToNumber(broadcastOf(cidr))
  return prefixOf(cidr) >= 31 ? { first, last } : { first: first + 1, last: last - 1 }
}
