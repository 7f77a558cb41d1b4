import test from 'ava'
import { UNSHARED } from '../../src/inventory/lease-policy.ts'
import { type Boot, clientOf, openBoot } from '../support/boot.ts'
import { change, dump, machine, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

/** Which address of a pool a client gets. */

/** A subnet whose pool has so many addresses from 10.77.0.100. */
const pool = (size: number) => subnet({ pools: [{ from: '10.77.0.100', to: `10.77.0.${99 + size}` }] })

async function opened(t: Parameters<typeof openBoot>[0], size: number): Promise<Boot> {
  const boot = await openBoot(t)
  await change(boot, (draft) => draft.putSubnet(pool(size)))
  return boot
}

/** The last byte of what a client is offered, or why it is offered nothing. */
function offered({ allocator }: Boot, who: number, requested?: string) {
  const offer = allocator.offer(clientOf(mac(who)), requested === undefined ? undefined : ip(requested))
  return 'address' in offer ? Number(offer.address.split('.').at(-1)) : offer.reason
}

const FULL = 'the pools of 10.77.0.0/24 are full'

test('a client that comes back gets what it had, also after that expired', async (t) => {
  const { handshake, clock } = await openBoot(t)
  const first = await handshake(mac(9))
  for (let number = 10; number < 14; number += 1) await handshake(mac(number))
  t.is(await handshake(mac(9)), first)
  clock.advance(86_400)
  t.is(await handshake(mac(9)), first)
})

test('RFC 2131, 4.3.1: a client gets the free address that it asks for, and keeps the one it has', async (t) => {
  const boot = await openBoot(t)
  t.is(offered(boot, 9, '10.77.0.107'), 107)
  t.is(await boot.handshake(mac(9)), ip('10.77.0.107'))
  t.is(offered(boot, 9, '10.77.0.108'), 107)
  for (const taken of ['10.77.0.107', '10.77.0.4', '192.168.0.9']) t.is(offered(boot, 8, taken), 100)
})

test('the one that was free for longest comes first: those never used, then by when their use ended', async (t) => {
  const boot = await opened(t, 4)
  for (const who of [1, 2, 3]) await boot.handshake(mac(who))
  const { leases, clock } = boot
  clock.advance(60)
  await leases.apply([{ kind: 'release', address: ip('10.77.0.101') }])
  clock.advance(1)
  await leases.apply([{ kind: 'release', address: ip('10.77.0.100') }])
  t.deepEqual(
    [11, 12, 13].map((who) => offered(boot, who)),
    [103, 101, 100]
  )
  t.is(offered(boot, 14), FULL)
  clock.advance(539)
  t.deepEqual(
    [15, 16, 17, 18].map((who) => offered(boot, who)),
    [103, 101, 100, 102],
    'the offers ended a minute after they were made, and after that the lease of client 3'
  )
})

test('an offered address is offered to nobody else for a minute, and the same client gets it again', async (t) => {
  const boot = await opened(t, 3)
  t.deepEqual([offered(boot, 1), offered(boot, 2)], [100, 101])
  t.deepEqual([offered(boot, 1), offered(boot, 2)], [100, 101])
  boot.clock.advance(59)
  t.deepEqual([offered(boot, 3), offered(boot, 1)], [102, 100])
  boot.clock.advance(1)
  t.is(offered(boot, 4), 101, 'that of client 2, which never took it')
})

test('a pool that is full of offers gives the oldest one that should have been taken ten seconds later', async (t) => {
  const boot = await opened(t, 2)
  t.is(offered(boot, 1), 100)
  boot.clock.advance(5)
  t.is(offered(boot, 2), 101)
  boot.clock.advance(4.999)
  t.is(offered(boot, 3), FULL)
  boot.clock.advance(0.001)
  t.is(offered(boot, 3), 100)
  t.is(offered(boot, 4), FULL)
  t.is(offered(boot, 1), FULL)
  t.like(boot.allocator.request(clientOf(mac(1)), ip('10.77.0.100'), 'selecting'), { refused: 'nak' })
})

test('a full pool takes nothing from the offers of another one', async (t) => {
  const boot = await opened(t, 1)
  await change(boot, (draft) =>
    draft.putSubnet(
      subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.254', pools: [{ from: '10.78.0.100', to: '10.78.0.200' }] })
    )
  )
  const there = ip('10.78.0.1')
  const first = boot.allocator.offer(clientOf(mac(1), 'ipxe', there))
  await boot.handshake(mac(2))
  boot.clock.advance(10)
  t.is(offered(boot, 3), FULL)
  t.deepEqual(boot.allocator.offer(clientOf(mac(1), 'ipxe', there)), first)
})

test('a plan has no effect: it holds nothing, writes nothing, and the same offers come afterwards', async (t) => {
  const boot = await opened(t, 2)
  const before = dump(boot.db)
  t.is(offered(boot, 1), 100)
  boot.clock.advance(10)
  t.is(offered(boot, 2), 101)
  const plan = (who: number) => boot.allocator.plan(clientOf(mac(who)))
  for (const who of [3, 4, 5]) t.like(plan(who), { address: ip('10.77.0.100') }, 'client 1 should have taken it')
  t.deepEqual([offered(boot, 1), offered(boot, 2)], [100, 101])
  t.like(plan(3), { refused: 'silence', reason: FULL })
  t.deepEqual(dump(boot.db), before)
})

test('two clients that ask for one free address at once do not both get it', async (t) => {
  const { allocator } = await openBoot(t)
  const address = ip('10.77.0.105')
  t.like(allocator.request(clientOf(mac(1)), address, 'selecting'), { address })
  t.like(allocator.request(clientOf(mac(2)), address, 'selecting'), { refused: 'nak' })
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
  t.is(offered(boot, 9), 7)
  t.is(offered(boot, 10), FULL)
  for (const last of [1, 2, 3, 4, 5, 6]) {
    t.like(boot.allocator.request(clientOf(mac(11)), ip(`10.77.0.${last}`), 'selecting'), { refused: 'nak' })
  }
})

test('a machine registered with a pool address takes it from whom it was only offered to', async (t) => {
  const boot = await openBoot(t)
  t.is(offered(boot, 9, '10.77.0.105'), 105)
  await change(boot, (draft) =>
    draft.putMachine(machine('db-1', 1, { interfaces: [{ mac: mac(1), ipv4: '10.77.0.105' }] }))
  )
  t.like(boot.allocator.request(clientOf(mac(9)), ip('10.77.0.105'), 'selecting'), { refused: 'nak' })
  t.is(await boot.handshake(mac(1)), ip('10.77.0.105'))
})

test("an address that was a machine's is found once it isn't any more, in each pool that was full meanwhile", async (t) => {
  const boot = await opened(t, 1)
  const cidrs = ['10.77.0.0/24', '10.78.0.0/24'] as const
  const links = cidrs.map((cidr) => ip(cidr.replace('0/24', '1')))
  await change(boot, (draft) => {
    const pools = [{ from: '10.78.0.100', to: '10.78.0.100' }]
    draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.254', pools }))
    for (const [index, cidr] of cidrs.entries()) {
      const ipv4 = cidr.replace('0/24', '100')
      draft.putMachine(machine(`db-${index}`, index, { interfaces: [{ mac: mac(index), ipv4 }] }))
    }
  })
  const answers = () => links.map((link) => 'address' in boot.allocator.offer(clientOf(mac(9), 'os', link)))
  t.deepEqual(answers(), [false, false])
  await change(boot, (draft) => {
    for (const index of cidrs.keys()) draft.delete('machine', `db-${index}`)
  })
  t.deepEqual(answers(), [true, true])
})

test('a pool that is changed is used as it is then', async (t) => {
  const boot = await opened(t, 1)
  t.is(await boot.handshake(mac(8)), ip('10.77.0.100'))
  t.is(offered(boot, 9), FULL)
  await change(boot, (draft) => draft.putSubnet(pool(2)))
  t.is(offered(boot, 9), 101)
  await change(boot, (draft) => draft.putSubnet(subnet({ pools: [{ from: '10.77.0.200', to: '10.77.0.200' }] })))
  t.is(offered(boot, 8), 200, 'its lease is in no pool any more')
})

test('who goes on with an address that only the other instance may give is told nothing: it may have it from that one', async (t) => {
  const boot = await openBoot(t)
  const nothing = { ...UNSHARED, mayAllocate: () => false, mayRenew: () => false }
  boot.leases.share({ policy: nothing, replicator: undefined })
  for (const [state, says] of [
    ['selecting', 'nak'],
    ['init-reboot', 'silence'],
    ['renewing', 'silence'],
    ['rebinding', 'silence']
  ] as const) {
    const answer = boot.allocator.request(clientOf(mac(9)), ip('10.77.0.107'), state)
    t.like(answer, { reason: '10.77.0.107 is for the other instance to give' })
    t.is('refused' in answer ? answer.refused : undefined, says)
  }
})
