import {
  broadcastOf,
  type Cidr,
  contains,
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  networkAddress,
  prefixOf
} from '../net/ipv4.ts'
import type { Pool, Subnet } from './model.ts'

/** The subnet that an address lies in; subnets never overlap. */
export function subnetOf(subnets: Iterable<Subnet>, address: Ipv4): Subnet | undefined {
  for (const subnet of subnets) if (contains(subnet.cidr, address)) return subnet
  return undefined
}

export function inPool(pools: readonly Pool[], address: Ipv4): boolean {
  const value = ipv4ToNumber(address)
  return pools.some((pool) => value >= ipv4ToNumber(pool.from) && value <= ipv4ToNumber(pool.to))
}

/** The gateways, DNS and NTP servers that subnets name. Whichever subnet they lie in, nobody is given them by itself. */
export function serviceAddresses(subnets: Iterable<Subnet>): Set<Ipv4> {
  const services = new Set<Ipv4>()
  for (const { gateway, dns, ntp } of subnets) {
    for (const address of [gateway, ...dns, ...ntp]) if (address !== null) services.add(address)
  }
  return services
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

/**
 * A free address of the pools for a client that nobody registered. The search starts at a place
 * that the client's MAC decides, so that a client which comes back tends to get what it had.
 * @param start any non-negative integer.
 */
export function choosePoolAddress(
  pools: readonly Pool[],
  start: number,
  isTaken: (address: Ipv4) => boolean
): Ipv4 | undefined {
  const ranges = pools.map(({ from, to }) => ({ first: ipv4ToNumber(from), last: ipv4ToNumber(to) }))
  const size = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  for (let step = 0; step < size; step += 1) {
    const address = addressAt(ranges, (start + step) % size)
    if (!isTaken(address)) return address
  }
  return undefined
}

function addressAt(ranges: readonly { first: number; last: number }[], index: number): Ipv4 {
  let rest = index
  for (const { first, last } of ranges) {
    if (first + rest <= last) return ipv4FromNumber(first + rest)
    rest -= last - first + 1
  }
  throw new RangeError(`pool index ${index}`)
}

/** RFC 1122: neither the network's own address nor its broadcast; RFC 3021: both ends of a /31. */
function hostRange(cidr: Cidr): { first: number; last: number } {
  const first = ipv4ToNumber(networkAddress(cidr))
  const last = ipv4ToNumber(broadcastOf(cidr))
  return prefixOf(cidr) >= 31 ? { first, last } : { first: first + 1, last: last - 1 }
}
