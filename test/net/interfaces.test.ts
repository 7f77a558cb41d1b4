import { networkInterfaces } from 'node:os'
import test from 'ava'
import { findInterface, InterfaceError } from '../../src/net/interfaces.ts'
import type { Cidr } from '../../src/net/ipv4.ts'
import { loadLibc } from '../../src/net/libc.ts'
import { type Link, readLinks } from '../../src/net/links.ts'
import { ip } from '../support/values.ts'

function link(index: number, addresses: readonly string[], more: Partial<Link> = {}): Link {
  const parsed = addresses.map((text) => {
    const [address = '', prefix] = text.split('/')
    return { address: ip(address), prefix: Number(prefix) }
  })
  return { index, isUp: true, isLoopback: false, addresses: parsed, ...more }
}

const LINKS = new Map([
  ['lo', link(1, ['127.0.0.1/8'], { isLoopback: true })],
  ['eth0', link(2, ['192.0.2.2/24', '10.77.3.1/16'])],
  ['eth1', link(3, ['10.78.0.1/24'], { isUp: false })],
  ['eth2', link(4, [])]
])

for (const [name, address, found, network] of [
  ['eth0', undefined, '192.0.2.2', '192.0.2.0/24'],
  ['eth0', '10.77.3.1', '10.77.3.1', '10.77.0.0/16'],
  ['lo', undefined, '127.0.0.1', '127.0.0.0/8'],
  ['lo', '127.9.8.7', '127.9.8.7', '127.0.0.0/8']
] as const) {
  test(`${name} with ${address ?? 'its first address'} is ${found} in ${network}`, (t) => {
    const expected = { name, address: ip(found), network: network as Cidr }
    t.deepEqual(findInterface(name, address && ip(address), LINKS), expected)
  })
}

for (const [name, address, message] of [
  ['eth9', undefined, 'interface eth9 does not exist or has no IPv4 address; there are lo, eth0, eth1'],
  ['eth2', undefined, 'interface eth2 does not exist or has no IPv4 address; there are lo, eth0, eth1'],
  ['eth1', '10.78.0.1', 'interface eth1 is down: `ip link set eth1 up`'],
  ['eth0', '10.77.0.1', 'interface eth0 has no address 10.77.0.1; it has 192.0.2.2, 10.77.3.1']
] as const) {
  test(`refused: ${message}`, (t) => {
    t.throws(() => findInterface(name, address && ip(address), LINKS), { instanceOf: InterfaceError, message })
  })
}

test("this host's interfaces are those that Node lists, and may be more", (t) => {
  const links = readLinks(loadLibc())
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const expected = addresses
      .filter(({ family }) => family === 'IPv4')
      .map(({ address, cidr }) => ({ address: ip(address), prefix: Number(cidr?.split('/')[1]) }))
    t.deepEqual(links.get(name)?.addresses, expected, name)
    t.true(links.get(name)?.isUp, name)
  }
  const indexes = [...links.values()].map(({ index }) => index)
  t.is(new Set(indexes).size, indexes.length)
  t.true(links.get('lo')?.isLoopback)
})
