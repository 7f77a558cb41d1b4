import koffi from 'koffi'
import { type Ipv4, ipv4FromNumber } from './ipv4.ts'
import { checked, type Libc } from './libc.ts'

/** A network interface of this host as the kernel has it. */
export type Link = {
  /** One that is deleted and made again has another. */
  readonly index: number
  /** As `ip link set` has it; whether there is a carrier is another matter. */
  readonly isUp: boolean
  readonly isLoopback: boolean
  readonly addresses: readonly LinkAddress[]
}

/** `prefix` is the length of its network's. */
export type LinkAddress = { readonly address: Ipv4; readonly prefix: number }

/** By name. */
export type Links = ReadonlyMap<string, Link>

/** struct ifaddrs, as far as it is read. */
const IFADDRS = koffi.struct({
  next: 'void *',
  name: 'str',
  flags: 'unsigned int',
  address: 'void *',
  netmask: 'void *'
})
type Ifaddrs = { next: bigint | null; name: string; flags: number; address: bigint | null; netmask: bigint }

const IFF_UP = 1
const IFF_LOOPBACK = 8
const AF_INET = 2
const AF_PACKET = 17

/**
 * Lists the interfaces. Node leaves out those without a carrier: a bridge that no machine is plugged
 * into, a card whose switch is starting too.
 * @throws an error with the system's `code`, as EMFILE.
 */
export function readLinks(libc: Libc): Links {
  const links = new Map<string, Link & { addresses: LinkAddress[] }>()
  const list: [bigint | null] = [null]
  checked('getifaddrs', libc.getifaddrs(list))
  try {
    // Each interface itself comes before its addresses.
    for (let at = list[0]; at !== null; ) {
      const { next, name, flags, address, netmask } = koffi.decode(at, IFADDRS) as Ifaddrs
      at = next
      if (address === null) continue
      const family = koffi.decode(address, 'uint16_t') as number
      if (family === AF_PACKET) {
        const index = koffi.decode(address, 4, 'int32_t') as number
        links.set(name, { index, isUp: (flags & IFF_UP) > 0, isLoopback: (flags & IFF_LOOPBACK) > 0, addresses: [] })
      } else if (family === AF_INET) {
        const bits = (pointer: bigint) => koffi.decode(pointer, 4, 'uint32_be_t') as number
        // An address may have a label, `eth0:1`.
        const owner = links.get(name.replace(/:.*/, ''))
        owner?.addresses.push({ address: ipv4FromNumber(bits(address)), prefix: Math.clz32(~bits(netmask)) })
      }
    }
  } finally {
    libc.freeifaddrs(list[0])
  }
  return links
}
