import { type Cidr, contains, type Ipv4, networkOf } from './ipv4.ts'
import { loadLibc } from './libc.ts'
import { type Link, type LinkAddress, type Links, readLinks } from './links.ts'

/** An interface that machines are on, and the address they reach this instance at. */
export type Interface = { readonly name: string; readonly address: Ipv4 }

/** An interface of this host with the address that is used on it and the network around it. */
export type HostInterface = Interface & { readonly network: Cidr }

/** No such interface, or no such address on it; the message is one line and says what there is. */
export class InterfaceError extends Error {
  override readonly name = 'InterfaceError'
}

/**
 * Finds a configured interface on this host.
 * @param address left out: the interface's first IPv4 address.
 * @throws {InterfaceError}
 */
export function findInterface(name: string, address?: Ipv4, links = readLinks(loadLibc())): HostInterface {
  const link = links.get(name)
  if (link?.addresses[0] === undefined) {
    const others = [...links].filter(([, { addresses }]) => addresses.length > 0)
    throw new InterfaceError(
      `interface ${name} does not exist or has no IPv4 address; there are ${others.map(([other]) => other).join(', ')}`
    )
  }
  if (!link.isUp) throw new InterfaceError(`interface ${name} is down: \`ip link set ${name} up\``)
  const own = address ?? link.addresses[0].address
  const held = holding(link, own)
  if (held === undefined) {
    throw new InterfaceError(
      `interface ${name} has no address ${own}; it has ${link.addresses.map((each) => each.address).join(', ')}`
    )
  }
  return { name, address: own, network: networkOf(own, held.prefix) }
}

/** Why an interface can't serve machines at its address now; undefined where it can. */
export function absence({ name, address }: Interface, links: Links): string | undefined {
  const link = links.get(name)
  if (link === undefined) return 'it was deleted'
  if (!link.isUp) return 'it is down'
  const owners = ownersOf(address, links)
  if (owners.includes(name)) return undefined
  return owners.length === 0 ? `it has no address ${address}` : `${address} is an address of ${owners.join(', ')}`
}

/** The names of the interfaces that have an address. */
export function ownersOf(address: Ipv4, links: Links): string[] {
  return [...links].filter(([, link]) => holding(link, address) !== undefined).map(([name]) => name)
}

export function onNetwork(interfaces: readonly HostInterface[], address: string): boolean {
  return interfaces.some((each) => contains(each.network, address as Ipv4))
}

/** All of 127/8 is on the loopback interface, though only 127.0.0.1 is listed. */
function holding({ addresses, isLoopback }: Link, address: Ipv4): LinkAddress | undefined {
  return addresses.find(
    (each) => each.address === address || (isLoopback && contains(networkOf(each.address, each.prefix), address))
  )
}
