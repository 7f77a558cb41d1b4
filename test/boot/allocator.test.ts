import test from 'ava'
import { act } from '../../src/inventory/actions.ts'
import { UNSHARED } from '../../src/inventory/lease-policy.ts'
import { DISCOVERED } from '../../src/inventory/lifecycle.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { clientOf, installable, openBoot } from '../support/boot.ts'
import { change, machine, OWN, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

/** What clients are told: address, options, host name and boot file, by who they are and where. */

const SUBNET_OPTIONS = new Map([
  [1, OPTION.subnetMask.kind.write(ip('255.255.255.0'))],
  [3, OPTION.routers.kind.write([ip('10.77.0.254')])],
  [6, OPTION.dnsServers.kind.write([ip('10.77.0.2')])],
  [15, OPTION.domain.kind.write('example.org')],
  [28, OPTION.broadcast.kind.write(ip('10.77.0.255'))],
  [42, OPTION.ntpServers.kind.write([ip('10.77.0.3')])]
])

test('a registered machine gets its own address, with all that its subnet says', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  t.deepEqual(boot.allocator.offer(clientOf(mac(1), 'bios')), {
    address: ip('10.77.0.4'),
    leaseTime: 43_200,
    options: SUBNET_OPTIONS,
    hostName: 'db-1',
    boot: { kind: 'tftp', server: OWN, file: 'undionly.kpxe' },
    reasons: [
      'local: 52:54:00:00:00:01 is db-1; no install was requested: `tandem machine install db-1` does',
      '10.77.0.4 is its fixed address'
    ]
  })
})

test('an unknown machine gets an address of the pool, for as long as the subnet says, and no host name', async (t) => {
  const { allocator } = await openBoot(t)
  t.like(allocator.offer(clientOf(mac(9), 'ipxe')), {
    address: ip('10.77.0.100'),
    leaseTime: 600,
    options: SUBNET_OPTIONS,
    hostName: undefined,
    boot: { kind: 'script' },
    reasons: [
      'discover: no machine is registered with 52:54:00:00:00:09; ' +
        'subnet 10.77.0.0/24 has a pool: it is asked what it is, then boots from its disk',
      '10.77.0.100 is from the pool of 10.77.0.0/24'
    ]
  })
})

test('a subnet that names little gives little', async (t) => {
  const boot = await openBoot(t)
  const bare = { gateway: null, dns: [], ntp: [], domain: null }
  await change(boot, (draft) => draft.putSubnet({ ...subnet(), ...bare }))
  const grant = boot.allocator.offer(clientOf(mac(9), 'os'))
  t.like(grant, { hostName: undefined, boot: undefined })
  t.deepEqual('options' in grant && [...grant.options.keys()], [1, 28])
})

const silent: [rule: string, link: string, reason: RegExp][] = [
  ['in no subnet', '10.99.0.1', /^no subnet holds 10.99.0.1$/],
  ['unknown, and the subnet has no pool', '10.78.0.1', /has no pool for unknown machines/]
]
for (const [rule, link, reason] of silent) {
  test(`nothing is said to a client ${rule}`, async (t) => {
    const { allocator, ...boot } = await openBoot(t)
    await change(boot, (draft) => draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] })))
    const client = clientOf(mac(9), 'bios', ip(link))
    const own = ip(link.replace(/1$/, '9'))
    for (const answer of [allocator.offer(client), allocator.bootp(client), allocator.inform(client, own)]) {
      t.like(answer, { refused: 'silence' })
    }
    const offer = allocator.offer(client)
    t.regex('reason' in offer ? offer.reason : '', reason)
  })
}

test('a registered machine far from its subnet gets an address of the pool there, or is told why not', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => {
    draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] }))
    draft.putMachine(machine('db-2', 2, { interfaces: [{ mac: mac(2), subnet: '10.78.0.0/24' }] }))
  })
  t.like(boot.allocator.offer(clientOf(mac(2))), { hostName: 'db-2', leaseTime: 600 })
  await installable(boot)
  t.deepEqual(boot.allocator.offer(clientOf(mac(1), 'ipxe', ip('10.78.0.1'))), {
    refused: 'silence',
    reason: 'db-1 has 10.77.0.4 and asks from 10.78.0.0/24, which has no pool',
    actOn: true
  })
})

test('one machine with several NICs: each has its own address, and the name is of the machine', async (t) => {
  const { allocator, ...boot } = await openBoot(t)
  await change(boot, (draft) => {
    draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] }))
    const interfaces = [
      { mac: mac(1), ipv4: '10.77.0.4' },
      { mac: mac(2), ipv4: '10.77.0.5' },
      { mac: mac(3), ipv4: '10.78.0.4' }
    ]
    draft.putMachine(machine('db-1', 1, { interfaces }))
  })
  t.like(allocator.offer(clientOf(mac(1))), { address: ip('10.77.0.4'), hostName: 'db-1' })
  t.like(allocator.offer(clientOf(mac(2))), { address: ip('10.77.0.5'), hostName: 'db-1' })
  t.like(allocator.offer(clientOf(mac(3), 'ipxe', ip('10.78.0.1'))), { address: ip('10.78.0.4'), hostName: 'db-1' })
  t.like(allocator.request(clientOf(mac(2)), ip('10.77.0.4'), 'selecting'), { refused: 'nak' })
})

test('a machine that is being installed gets the same address with every firmware and in its installer', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  for (const firmware of ['bios', 'ipxe', 'os'] as const) t.is(await boot.handshake(mac(1), firmware), ip('10.77.0.4'))
})

test('subnets that share a network: a fixed address and a pool of any of them, with the options of that one', async (t) => {
  const { allocator, ...boot } = await openBoot(t)
  await change(boot, (draft) => {
    draft.putSubnet(subnet({ sharedNetwork: 'rack', pools: [] }))
    const pools = [{ from: '10.78.0.100', to: '10.78.0.100' }]
    draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', sharedNetwork: 'rack', pools, lease: 300 }))
    draft.putMachine(machine('db-1', 1, { interfaces: [{ mac: mac(1), ipv4: '10.78.0.4' }] }))
  })
  const router = OPTION.routers.kind.write([ip('10.78.0.1')])
  for (const [who, address, leaseTime] of [
    [1, '10.78.0.4', 43_200],
    [9, '10.78.0.100', 300]
  ] as const) {
    const offer = allocator.offer(clientOf(mac(who)))
    t.like(offer, { address: ip(address), leaseTime })
    t.deepEqual('options' in offer && offer.options.get(3), router)
    t.like(allocator.request(clientOf(mac(who)), ip(address), 'selecting'), { address: ip(address), leaseTime })
  }
  t.deepEqual(allocator.offer(clientOf(mac(10))), {
    refused: 'silence',
    reason: 'the pools of 10.77.0.0/24, 10.78.0.0/24 are full',
    actOn: true
  })
})

test('a firmware without a loader is given an address, no boot file, and explained why', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  for (const [firmware, reason] of [
    ['uefi-arm64', "no boot file: ipxe-arm64.efi is not in the loaders' folder"],
    ['unsupported', 'no boot file: there is no loader for its architecture']
  ] as const) {
    const plan = boot.allocator.plan(clientOf(mac(1), firmware))
    t.true('address' in plan && plan.boot === undefined && plan.reasons.includes(reason), firmware)
  }
})

test('a machine that was only discovered is not registered: in a flood it is as good as a stranger', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  await change(boot, (draft) => draft.putReported({ ...machine('found', 2), life: DISCOVERED }))
  t.deepEqual(
    [1, 2, 9].map((who) => boot.allocator.isRegistered(mac(who))),
    [true, false, false]
  )
})

test('that a pool is used up is told when a client asks, not when a person does', async (t) => {
  const { allocator, leases } = await openBoot(t)
  const told: unknown[] = []
  const nothing = { ...UNSHARED, mayAllocate: () => false, exhausted: (pools: unknown) => told.push(pools) }
  leases.share({ policy: nothing, replicator: undefined })
  t.like(allocator.plan(clientOf(mac(9))), { refused: 'silence' })
  t.deepEqual(told, [])
  t.like(allocator.offer(clientOf(mac(9))), { refused: 'silence' })
  t.deepEqual(told, [subnet().pools])
})
