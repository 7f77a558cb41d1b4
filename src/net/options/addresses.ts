import { type Ipv4, ipv4FromBytes, ipv4ToBytes, parseIpv4 } from '../ipv4.ts'
import { list, record } from './composites.ts'
import { checkSize, type FixedKind } from './kinds.ts'
import { wrong } from './parsing.ts'

export const ipv4: FixedKind<Ipv4> = {
  name: 'IPv4 address',
  size: 4,
  read(bytes) {
    checkSize(bytes, 4)
    return ipv4FromBytes(bytes)
  },
  write: ipv4ToBytes,
  parse(json) {
    if (typeof json !== 'string') throw wrong(json, 'an IPv4 address like 10.77.0.10')
    return parseIpv4(json)
  },
  print: (address) => address
}

export const ipv4s = list(ipv4)

/** Routes to hosts and classful networks (RFC 2132, section 5.8). */
export const staticRoutes = list(record({ to: ipv4, via: ipv4 }))

/** Destinations that source-routed datagrams may have (RFC 2132, section 4.3). */
export const policyFilters = list(record({ address: ipv4, mask: ipv4 }))
