import { join } from 'node:path'
import type { Lab } from './lab.ts'
import type { Network } from './network.ts'
import { CACHE } from './tiny-os.ts'

/** The command line of a relay agent between segments, where machines are, and a server. */
type Agent = (segments: readonly Network[], server: string) => string[]

/** ISC's, which adds option 82: the name of the client's interface as circuit id. */
export const dhcrelay: Agent = (segments, server) => [
  ...[join(CACHE, 'relay/usr/sbin/dhcrelay'), '-4', '-d', '-a', '-iu', 'up0'],
  ...segments.flatMap(({ bridge }) => ['-id', bridge]),
  server
]

/** It adds no option 82. */
export const dnsmasq: Agent = (segments, server) => [
  ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file', '--port=0', '--log-dhcp'],
  ...segments.map(({ address }) => `--dhcp-relay=${address},${server}`)
]

/** Makes the segments 10.78.0.0/24 and 10.79.0.0/24, both behind one router that relays DHCP to Tandem. */
export async function makeRelayedSegments(lab: Lab, agent: Agent): Promise<[Network, Network]> {
  const { network, folder } = lab
  const router = await lab.segment('br1', '10.78.0.1/24', 'fd78::1/64')
  const segments: [Network, Network] = [router, await router.segment('br2', '10.79.0.1/24')]
  const ip = (where: Network, ...args: string[]) => where.run(['ip', ...args])
  await ip(network, 'link', 'add', 'down0', 'type', 'veth', 'peer', 'name', 'up0', 'netns', router.namespace)
  await ip(network, 'link', 'set', 'down0', 'master', network.bridge, 'up')
  await ip(network, 'route', 'add', '10.78.0.0/15', 'via', '10.77.0.2', 'dev', network.bridge, 'onlink')
  await ip(router, 'addr', 'add', '10.77.0.2/24', 'dev', 'up0')
  await ip(router, 'link', 'set', 'up0', 'up')
  await router.run(['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward'])
  await router.start(agent(segments, network.address), join(folder, 'relay.log'))
  return segments
}
