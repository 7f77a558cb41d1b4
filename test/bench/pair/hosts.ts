import { type Cidr, type Ipv4, parseIpv4, prefixOf } from '../../../src/net/ipv4.ts'
import { makeBridge, makeComputer, plugIn } from '../../e2e/lab/network.ts'
import { LINK, RELAY, SERVER } from '../dhcp/site.ts'
import { DEVICE, type Host, host, remove } from '../link.ts'

export type Side = 'a' | 'b'

/** Two servers' hosts and their clients', on one provisioning network; the servers have another one between them. */
export type Hosts = {
  readonly client: Host
  readonly a: Host
  readonly b: Host
  /** The command that takes a host from both networks: it goes on with its cables in, and hears nothing. */
  cutting(side: Side): readonly string[]
  /** Kills what still runs on the hosts, each process by its id, and removes them. */
  remove(): Promise<void>
}

export const SERVERS: Readonly<Record<Side, Ipv4>> = { a: SERVER, b: parseIpv4('10.77.0.3') }
/** On the servers' own network. */
export const BETWEEN: Readonly<Record<Side, Ipv4>> = { a: parseIpv4('10.99.0.1'), b: parseIpv4('10.99.0.2') }
const BETWEEN_NETWORK = '10.99.0.0/24' as Cidr

export async function makeHosts(name: string): Promise<Hosts> {
  const [client, a, b] = [`${name}-client`, `${name}-a`, `${name}-b`]
  await makeComputer(client)
  await makeBridge(client, 'prov', `${RELAY}/${prefixOf(LINK)}`)
  await makeBridge(client, 'between')
  for (const [side, namespace] of [['a', a] as const, ['b', b] as const]) {
    await makeComputer(namespace)
    for (const [card, bridge, address, network] of [
      [DEVICE, 'prov', SERVERS[side], LINK] as const,
      ['link0', 'between', BETWEEN[side], BETWEEN_NETWORK] as const
    ]) {
      const port = { namespace: client, bridge, port: `${bridge}-${side}` }
      await plugIn({ namespace, card, ipv4: `${address}/${prefixOf(network)}` }, port)
    }
  }
  const unplugged = (side: Side) => ['prov', 'between'].map((bridge) => `ip link set ${bridge}-${side} nomaster`)
  return {
    client: host(client),
    a: host(a),
    b: host(b),
    cutting: (side) => ['sh', '-c', unplugged(side).join(' && ')],
    async remove() {
      for (const namespace of [client, a, b]) await remove(namespace)
    }
  }
}
