import { join } from 'node:path'
import type { Lab } from './lab.ts'
import type { Network } from './network.ts'
import { CACHE } from './tiny-os.ts'

/** Makes a second segment, 10.78.0.0/24, behind a router that relays DHCP to Tandem with ISC's dhcrelay (option 82 added). */
export async function makeRelayedSegment(lab: Lab): Promise<Network> {
  const { network, folder } = lab
  const relayed = await lab.segment('br1', '10.78.0.1/24', 'fd78::1/64')
  const ip = (where: Network, ...args: string[]) => where.run(['ip', ...args])
  await ip(network, 'link', 'add', 'down0', 'type', 'veth', 'peer', 'name', 'up0', 'netns', relayed.namespace)
  await ip(network, 'link', 'set', 'down0', 'master', network.bridge, 'up')
  await ip(network, 'route', 'add', '10.78.0.0/24', 'via', '10.77.0.2', 'dev', network.bridge, 'onlink')
  await ip(relayed, 'addr', 'add', '10.77.0.2/24', 'dev', 'up0')
  await ip(relayed, 'link', 'set', 'up0', 'up')
  await relayed.run(['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward'])
  const dhcrelay = [join(CACHE, 'relay/usr/sbin/dhcrelay'), '-4', '-d', '-a', '-id', relayed.bridge, '-iu', 'up0']
  await relayed.start([...dhcrelay, network.address], join(folder, 'dhcrelay.log'))
  return relayed
}
