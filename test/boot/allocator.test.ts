import test from 'ava'
import fc from 'fast-check'
import { AddressAllocator } from '../../src/boot/allocator.ts'
import { act } from '../../src/inventory/actions.ts'
import { inPool } from '../../src/inventory/addresses.ts'
import { FileStore } from '../../src/inventory/files.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { clientOf, installable, openBoot } from '../support/boot.ts'
import { change, dump, machine, OWN, openStore, subnet } from '../support/inventory.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { cidr, ip, mac } from '../support/values.ts'

const POOL = subnet({ pools: [{ from: '10.77.0.100', to: '10.77.0.101' }] })

test('a registered machine gets its own address, with all that its subnet says', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  t.deepEqual(boot.allocator.offer(clientOf(mac(1), 'bios')), {
    address: ip('10.77.0.4'),
    mask: ip('255.255.255.0'),
    broadcast: ip('10.77.0.255'),
    routers: [ip('10.77.0.254')],
    dnsServers: [ip('10.77.0.2')],
    ntpServers: [ip('10.77.0.3')],
    domain: 'example.org',
    hostName: 'db-1',
    leaseTime: 43_200,
    boot: { kind: 'tftp', server: OWN, file: 'undionly.kpxe' },
    reasons: [
      'local: 52:54:00:00:00:01 is db-1; no install was requested: `tandem machine install db-1` does',
      '10.77.0.4 is its fixed address'
    ]
  })
})

test('an unknown machine gets an address of the pool, for as long as the subnet says, and no host name', async (t) => {
  const { allocator } = await openBoot(t)
  const grant = allocator.offer(clientOf(mac(9), 'ipxe'))
  t.like(grant, { leaseTime: 600, boot: { kind: 'script' } })
  t.false('hostName' in grant)
  t.regex('address' in grant ? grant.address : '', /^10\.77\.0\.10\d$/)
})

test('a subnet that names little gives little', async (t) => {
  const boot = await openBoot(t)
  const bare = { gateway: null, dns: [], ntp: [], domain: null }
  await change(boot, (draft) => draft.putSubnet({ ...subnet(), ...bare }))
  const grant = boot.allocator.offer(clientOf(mac(9), 'os'))
  t.like(grant, { routers: [], dnsServers: [], ntpServers: [] })
  t.false('domain' in grant || 'boot' in grant)
})

const silent: [rule: string, link: string, reason: RegExp][] = [
  ['in no subnet', '10.99.0.1', /^no subnet holds 10.99.0.1$/],
  ['unknown, and the subnet has no pool', '10.78.0.1', /has no pool for unknown machines/]
]
for (const [rule, link, reason] of silent) {
  test(`nothing is said to a client ${rule}`, async (t) => {
    const boot = await openBoot(t)
    await change(boot, (draft) => draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] })))
    const client = clientOf(mac(9), 'bios', ip(link))
    for (const answer of [boot.allocator.offer(client), boot.allocator.request(client, ip('10.78.0.9'))]) {
      t.like(answer, { refused: 'silence' })
      t.regex('reason' in answer ? answer.reason : '', reason)
    }
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

test('a wrong address is refused aloud', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  t.deepEqual(boot.allocator.request(clientOf(mac(1)), ip('10.77.0.9')), {
    refused: 'nak',
    reason: '10.77.0.9 is not its address, 10.77.0.4 is'
  })
  t.like(boot.allocator.request(clientOf(mac(9)), ip('10.77.0.9')), { refused: 'nak' })
  await change(boot, (draft) => draft.putSubnet(subnet({ pools: [] })))
  t.deepEqual(boot.allocator.request(clientOf(mac(9)), ip('192.168.0.9')), {
    refused: 'nak',
    reason: '192.168.0.9 is not in 10.77.0.0/24, where it asks from'
  })
})

test('a lease is on disk when the commit resolves, and nothing before', async (t) => {
  const boot = await openBoot(t)
  const client = { ...clientOf(mac(9)), clientId: '01ff', hostName: 'box' }
  const offer = boot.allocator.offer(client)
  const grant = 'address' in offer ? boot.allocator.request(client, offer.address) : offer
  t.true('address' in grant)
  t.deepEqual(dump(boot.db).lease, [])
  if ('address' in grant) await boot.allocator.commit([{ client, grant }])
  t.like(dump(boot.db).lease?.[0], { mac: mac(9), client_id: '01ff', host_name: 'box', owner: 'a' })
})

test('a commit that fails rejects, so that no ACK leaves', async (t) => {
  const { db, allocator, handshake } = await openBoot(t)
  db.exec("CREATE TRIGGER full BEFORE INSERT ON lease BEGIN SELECT raise(ABORT, 'disk full'); END")
  await t.throwsAsync(handshake(mac(9)), { message: 'disk full' })
  t.like(allocator.offer(clientOf(mac(9))), { leaseTime: 600 })
})

test('a client that comes back gets what it had, also after that expired', async (t) => {
  const { handshake, clock } = await openBoot(t)
  const first = await handshake(mac(9))
  for (let number = 10; number < 14; number += 1) await handshake(mac(number))
  t.is(await handshake(mac(9)), first)
  clock.advance(86_400)
  t.is(await handshake(mac(9)), first)
})

test('a client gets the free address that it asks for, and keeps the one it has', async (t) => {
  const { allocator, handshake } = await openBoot(t)
  t.like(allocator.offer(clientOf(mac(9)), ip('10.77.0.107')), { address: '10.77.0.107' })
  const held = await handshake(mac(9))
  t.is(held, ip('10.77.0.107'))
  t.like(allocator.offer(clientOf(mac(9)), ip('10.77.0.108')), { address: held })
  t.like(allocator.request(clientOf(mac(8)), ip('10.77.0.108')), { address: '10.77.0.108' })
})

test('an offered address is offered to nobody else for a minute, and the same client gets it again', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => draft.putSubnet(POOL))
  const offered = (number: number) => {
    const offer = boot.allocator.offer(clientOf(mac(number)))
    return 'address' in offer ? offer.address : offer.reason
  }
  const both = [offered(1), offered(2)]
  t.deepEqual([...both].sort(), ['10.77.0.100', '10.77.0.101'])
  t.deepEqual([offered(1), offered(2)], both)
  t.is(offered(3), 'the pools of 10.77.0.0/24 are full')
  boot.clock.advance(60)
  t.true(both.includes(offered(3)))
})

test('two clients that ask for one free address at once do not both get it', async (t) => {
  const { allocator } = await openBoot(t)
  const address = ip('10.77.0.105')
  t.like(allocator.request(clientOf(mac(1)), address), { address })
  t.like(allocator.request(clientOf(mac(2)), address), { refused: 'nak' })
})

test('no pool gives an address that something else uses', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => {
    draft.putSubnet(
      subnet({
        gateway: '10.77.0.5',
        dns: ['10.77.0.2'],
        ntp: ['10.77.0.3'],
        pools: [{ from: '10.77.0.1', to: '10.77.0.7' }]
      })
    )
    draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', dns: ['10.77.0.4'], ntp: [], pools: [] }))
    draft.putMachine(machine('db-1', 1, { interfaces: [{ mac: mac(1), ipv4: '10.77.0.6' }] }))
  })
  t.is(await boot.handshake(mac(9)), ip('10.77.0.7'))
  t.is(await boot.handshake(mac(10)), undefined)
  for (const last of [1, 2, 3, 4, 5, 6]) {
    t.like(boot.allocator.request(clientOf(mac(11)), ip(`10.77.0.${last}`)), { refused: 'silence' })
  }
})

test('a machine registered with a pool address takes it from whom it was only offered to', async (t) => {
  const boot = await openBoot(t)
  const offer = boot.allocator.offer(clientOf(mac(9)), ip('10.77.0.105'))
  t.like(offer, { address: '10.77.0.105' })
  await change(boot, (draft) =>
    draft.putMachine(machine('db-1', 1, { interfaces: [{ mac: mac(1), ipv4: '10.77.0.105' }] }))
  )
  t.like(boot.allocator.request(clientOf(mac(9)), ip('10.77.0.105')), { refused: 'nak' })
  t.is(await boot.handshake(mac(1)), ip('10.77.0.105'))
})

test('an address that was given to a machine just before the ACK is acknowledged to nobody else', async (t) => {
  const boot = await openBoot(t)
  const [client, address] = [clientOf(mac(9)), ip('10.77.0.105')]
  const grant = boot.allocator.request(client, address)
  await change(boot, (draft) => draft.putMachine(machine('db-1', 1, { interfaces: [{ mac: mac(1), ipv4: address }] })))
  const commit = async () => 'address' in grant && boot.allocator.commit([{ client, grant }])
  await t.throwsAsync(commit, { message: /was given to db-1 meanwhile/ })
  t.deepEqual(dump(boot.db).lease, [])
})

test('a plan holds nothing and writes nothing', async (t) => {
  const boot = await openBoot(t)
  await change(boot, (draft) => draft.putSubnet(POOL))
  const before = dump(boot.db)
  for (let number = 1; number < 9; number += 1) t.true('address' in boot.allocator.plan(clientOf(mac(number))))
  t.deepEqual(dump(boot.db), before)
})

test('a machine that is being installed gets the same address with every firmware and in its installer', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  for (const firmware of ['bios', 'ipxe', 'os'] as const) t.is(await boot.handshake(mac(1), firmware), ip('10.77.0.4'))
})

/** What may happen on a network of few addresses and more clients; `who` beyond the registered ones are strangers. */
const who = fc.nat(7)
const anAddress = fc.integer({ min: 1, max: 14 }).map((last) => ip(`10.77.0.${last}`))
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('discover' as const), who, asks: fc.option(anAddress) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('request' as const), who, asks: fc.option(anAddress) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 400 }) })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('register' as const), who }) }
)

test('whatever clients do: no address is held by two, and a registered machine gets its own', async (t) => {
  const files = await FileStore.open(tempFolder(t), () => false)
  const small = subnet({
    cidr: '10.77.0.0/28',
    gateway: '10.77.0.14',
    pools: [{ from: '10.77.0.4', to: '10.77.0.9' }],
    lease: 300
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const store = openStore()
      const { inventory, leases, attempts, endpoints, clock } = store
      const allocator = new AddressAllocator(
        { inventory, leases, attempts, files, hasLoader: () => false, offerLimit: 2 },
        endpoints
      )
      await change(store, (draft) => draft.putSubnet(small))
      const held = new Map<Ipv4, { who: number; until: number }>()
      const offered = new Map<number, Ipv4>()
      let granted: { who: number; address: Ipv4; leaseTime: number }[] = []
      const own = (each: number) => inventory.fixedAddress(mac(each), cidr('10.77.0.0/28'))
      const isOthers = (address: Ipv4, than: number) => {
        const lease = held.get(address)
        return lease !== undefined && lease.who !== than && lease.until > clock.time
      }
      const commit = async () => {
        const batch = granted
        granted = []
        try {
          await allocator.commit(batch.map((grant) => ({ client: clientOf(mac(grant.who)), grant })))
        } catch (error) {
          t.regex((error as Error).message, /was given to m-\d meanwhile/)
          return
        }
        for (const { who, address, leaseTime } of batch) {
          t.false(isOthers(address, who))
          const registered = inventory.machineByAddress(address)
          t.is(registered?.name ?? `m-${who}`, `m-${who}`)
          held.set(address, { who, until: clock.time + leaseTime * 1000 })
        }
      }
      for (const each of steps) {
        switch (each.kind) {
          case 'discover': {
            const offer = allocator.offer(clientOf(mac(each.who)), each.asks ?? undefined)
            if (!('address' in offer)) {
              t.is(own(each.who), undefined)
              break
            }
            t.false(isOthers(offer.address, each.who))
            t.is(offer.address, own(each.who) ?? offer.address)
            offered.set(each.who, offer.address)
            break
          }
          case 'request': {
            const address = each.asks ?? offered.get(each.who)
            if (address === undefined) break
            const answer = allocator.request(clientOf(mac(each.who)), address)
            if ('address' in answer) granted.push({ who: each.who, ...answer })
            const fixed = own(each.who)
            if (fixed !== undefined) t.is('address' in answer, address === fixed)
            else if ('address' in answer) t.true(inPool(small.pools, address))
            break
          }
          case 'commit':
            await commit()
            break
          case 'pass':
            await commit()
            clock.advance(each.seconds)
            break
          case 'register':
            await change(store, (draft) => draft.putMachine(machine(`m-${each.who}`, each.who))).catch((error: Error) =>
              t.regex(error.message, /no free address/)
            )
        }
      }
      await commit()
      store.db.close()
    }),
    { numRuns: 150 }
  )
})

test('the card that iPXE drives is remembered with the machine, once', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  const client = { ...clientOf(mac(1)), busId: '01:1a:f4:10:00' }
  const lease = { client, grant: { address: ip('10.77.0.4'), leaseTime: 600 } }
  await boot.allocator.commit([lease])
  t.is(boot.inventory.need('machine', 'db-1').facts.busid, '01:1a:f4:10:00')
  const version = boot.inventory.version('machine', 'db-1')
  await boot.allocator.commit([lease])
  t.is(boot.inventory.version('machine', 'db-1'), version)
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
