import { MalformedBytes } from '../bytes.ts'
import {
  type Cidr,
  ipv4FromBytes,
  ipv4FromNumber,
  ipv4ToBytes,
  ipv4ToNumber,
  networkAddress,
  parseCidr,
  prefixOf
} from '../ipv4.ts'
import { ipv4 } from './addresses.ts'
import { record, sequence } from './composites.ts'
import type { Kind } from './kinds.ts'
import { wrong } from './parsing.ts'

/** The prefix's length and as many bytes of the address as it covers. Host bits are dropped on reading, as by clients. */
const network: Kind<Cidr> = {
  name: 'network',
  read([prefix = 0, ...address]) {
    if (prefix > 32) throw new MalformedBytes(`a prefix of ${prefix} bits`)
    const first = ipv4ToNumber(ipv4FromBytes(Uint8Array.of(...address, 0, 0, 0, 0)))
    return `${ipv4FromNumber(first - (first % 2 ** (32 - prefix)))}/${prefix}` as Cidr
  },
  write(cidr) {
    const prefix = prefixOf(cidr)
    return Uint8Array.of(prefix, ...ipv4ToBytes(networkAddress(cidr)).subarray(0, bytesOf(prefix)))
  },
  parse(json) {
    if (typeof json !== 'string') throw wrong(json, 'a network like 10.77.0.0/24')
    return parseCidr(json)
  },
  print: (cidr) => cidr
}

/**
 * Classless static routes (RFC 3442). Via 0.0.0.0: the network is on the client's own link. A client that takes
 * this option ignores the routers option, so the default route, 0.0.0.0/0, belongs here, too.
 */
export const routes = sequence(
  record({ to: network, via: ipv4 }),
  ([prefix = 0]) => 1 + bytesOf(Math.min(prefix, 32)) + ipv4.size
)

/** How many bytes of an address a prefix covers. */
function bytesOf(prefix: number): number {
  return Math.ceil(prefix / 8)
}
