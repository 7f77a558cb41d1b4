import test from 'ava'
import { Endpoints } from '../src/boot/endpoints.ts'
import { openDatabase } from '../src/inventory/database.ts'
import { Inventory } from '../src/inventory/inventory.ts'
import { Leases } from '../src/inventory/leases.ts'
import { subnetFrom } from '../src/inventory/normalize.ts'
import { SOLE } from '../src/inventory/oplog.ts'
import { MachineNetworks } from '../src/machine-networks.ts'
import type { HostInterface } from '../src/net/interfaces.ts'
import type { Cidr, Ipv4 } from '../src/net/ipv4.ts'
import type { Mac } from '../src/net/mac.ts'
import { StartError } from '../src/start-error.ts'
import { mac } from './support/values.ts'

const at = (name: string, address: string, network: string): HostInterface => ({
  name,
  address: address as Ipv4,
  network: network as Cidr
})
const BRIDGE = at('br0', '10.77.0.1', '10.77.0.0/24')
const LOOPBACK = at('lo', '127.0.0.1', '127.0.0.0/8')

/** An instance with these interfaces, a relayed subnet 10.88.0.0/24, and a lease of ...:0a on 10.77.0.100. */
async function networks(interfaces: readonly HostInterface[] = [BRIDGE]) {
  const now = () => 1_000_000
  const db = openDatabase(':memory:')
  const leases = new Leases(db, 'a', now)
  const found = new MachineNetworks(interfaces, leases, new Endpoints(interfaces, 80))
  const inventory = new Inventory({ db, instance: 'a', now, replicator: SOLE, addressUse: found })
  const draft = inventory.draft()
  draft.putSubnet(subnetFrom({ cidr: '10.88.0.0/24' }))
  await inventory.commit(draft, 'test')
  await leases.grant([{ address: '10.77.0.100' as Ipv4, mac: '52:54:00:00:00:0a' as Mac, seconds: 60 }])
  return { found, inventory }
}

for (const [rule, remote, local, expected] of [
  ['a neighbour on a provisioning network, whatever address it reached', '10.77.0.50', '192.0.2.1', true],
  ['the same written as IPv6', '::ffff:10.77.0.50', '::ffff:192.0.2.1', true],
  ['a client of a relayed subnet', '10.88.0.9', '192.0.2.1', true],
  ['whoever reaches the provisioning address', '198.51.100.7', '10.77.0.1', true],
  ['somebody from elsewhere, at another address', '198.51.100.7', '192.0.2.1', false],
  ['this host itself', '127.0.0.1', '127.0.0.1', false],
  ['this host itself at its provisioning address', '127.0.0.1', '10.77.0.1', false],
  ['this host itself over IPv6', '::1', '::1', false]
] as const) {
  test(`${expected ? 'from machines' : 'not from machines'}: ${rule}`, async (t) => {
    const { found, inventory } = await networks()
    t.is(found.fromMachines(remote, local, inventory), expected)
  })
}

test('where machines are simulated on loopback, loopback is still no machine network', async (t) => {
  const { found, inventory } = await networks([LOOPBACK])
  t.false(found.fromMachines('127.0.0.1', '127.0.0.1', inventory))
  t.false(found.fromMachines('198.51.100.7', '192.0.2.1', inventory))
})

test('the admin side may not listen where machines are', async (t) => {
  const { found } = await networks()
  const error = t.throws(() => found.refuseAsAdmin('10.77.0.1' as Ipv4), { instanceOf: StartError })
  t.regex(error?.message ?? '', /^admin\.listen 10\.77\.0\.1 is the address of the provisioning interface br0/)
  t.notThrows(() => found.refuseAsAdmin('127.0.0.1' as Ipv4))
  t.notThrows(() => found.refuseAsAdmin('10.99.0.1' as Ipv4))
})

test('only on loopback may both sides share an address', async (t) => {
  const { found } = await networks([LOOPBACK])
  t.notThrows(() => found.refuseAsAdmin('127.0.0.1' as Ipv4))
})

test('an address in use says by whom; a lease is no bar to its own client', async (t) => {
  const { found } = await networks()
  t.is(found.usedBy('10.77.0.1' as Ipv4, []), 'this instance itself')
  t.is(found.usedBy('10.77.0.100' as Ipv4, []), 'a lease of 52:54:00:00:00:0a')
  t.is(found.usedBy('10.77.0.100' as Ipv4, ['52:54:00:00:00:0a']), undefined)
  t.is(found.usedBy('10.77.0.101' as Ipv4, []), undefined)
  t.is(found.leasedAddress(mac(10)), '10.77.0.100' as Ipv4)
  t.is(found.leasedAddress(mac(11)), undefined)
})
