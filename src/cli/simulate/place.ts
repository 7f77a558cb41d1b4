import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type Cidr, type Ipv4, networkAddress } from '../../net/ipv4.ts'
import type { Mac } from '../../net/mac.ts'
import type { Client } from '../client.ts'
import { CommandFailed } from '../errors.ts'
import type { Place } from './machine.ts'

type Simulation = {
  server: Ipv4
  /** The other instance of a pair. */
  peer: { address: Ipv4; dhcp: number } | null
  ports: { dhcp: number; tftp: number }
  subnet: Cidr | null
}

/** Where a simulated machine finds the running service, which is told that this host speaks for it. @throws {CommandFailed} */
export async function placeOf(client: Client, mac: Mac): Promise<Place> {
  const { server, peer, ports, subnet } = await client.json<Simulation>('GET', `/simulations/${mac}`)
  const relay = relayOf(await ownAddressTowards(server))
  await client.json('POST', '/simulations', { mac, address: relay })
  if (subnet === null)
    throw new CommandFailed('there is no subnet that the machine could be on: `tandem subnet set 10.77.0.0/24`')
  return {
    servers: [{ address: server, port: ports.dhcp }, ...(peer ? [{ address: peer.address, port: peer.dhcp }] : [])],
    relay,
    link: networkAddress(subnet),
    tftpPort: ports.tftp
  }
}

/** On loopback the instances have addresses of their own; what comes from one of these is taken for theirs. */
function relayOf(own: Ipv4): Ipv4 {
  return own.startsWith('127.') ? ('127.255.255.254' as Ipv4) : own
}

/** The address of this host that packets to the service leave from. */
async function ownAddressTowards(server: Ipv4): Promise<Ipv4> {
  const socket = createSocket('udp4')
  try {
    socket.connect(9, server)
    await once(socket, 'connect')
    return socket.address().address as Ipv4
  } catch (error) {
    throw new CommandFailed(`${server} can't be reached from here: ${(error as Error).message}`)
  } finally {
    socket.close()
  }
}
