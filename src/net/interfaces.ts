import { networkInterfaces } from 'node:os'
import { type Cidr, contains, type Ipv4, ipv4FromNumber, ipv4ToNumber, maskOf } from './ipv4.ts'

/** An interface of this host with the address that is used on it and the network around it. */
export type HostInterface = { readonly name: string; readonly address: Ipv4; readonly network: Cidr }

/** No such interface, or no such address on it; the message is one line and says what there is. */
export class InterfaceError extends Error {
  override readonly name = 'InterfaceError'
}

/**
 * Finds a configured interface on this host.
 * @param address left out: the interface's first IPv4 address.
 * @throws {InterfaceError}
 */
export function findInterface(name: string, address?: Ipv4): HostInterface {
  const all = networkInterfaces()
  const addresses = all[name]?.filter((each) => each.family === 'IPv4')
  if (addresses === undefined || addresses.length === 0) {
    const others = Object.entries(all).filter(([, list]) => list?.some((each) => each.family === 'IPv4'))
    throw new InterfaceError(
      `interface ${name} does not exist or has no IPv4 address; there are ${others.map(([other]) => other).join(', ')}`
    )
  }
  // All of 127/8 is on the loopback interface, though only 127.0.0.1 is listed.
  const held = addresses.find((each) => each.address === address || (each.internal && address?.startsWith('127.')))
  const found = address === undefined ? addresses[0] : held
  if (!found) {
    throw new InterfaceError(
      `interface ${name} has no address ${address}; it has ${addresses.map((each) => each.address).join(', ')}`
    )
  }
  const own = address ?? (found.address as Ipv4)
  const prefix = Number((found.cidr ?? `${own}/32`).split('/')[1])
  const network = ipv4FromNumber((ipv4ToNumber(own) & ipv4ToNumber(maskOf(`0.0.0.0/${prefix}` as Cidr))) >>> 0)
  return { name, address: own, network: `${network}/${prefix}` as Cidr }
}

export function onNetwork(interfaces: readonly HostInterface[], address: string): boolean {
  return interfaces.some((each) => contains(each.network, address as Ipv4))
}
