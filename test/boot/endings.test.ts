import test from 'ava'
import { type Boot, clientOf, installable, openBoot } from '../support/boot.ts'
import { change, dump, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

/** RFC 2131, sections 4.3.3 to 4.3.5, and BOOTP: how leases end, and answers without one. */

const ONE = subnet({ pools: [{ from: '10.77.0.100', to: '10.77.0.100' }] })
const TWO = subnet({ pools: [{ from: '10.77.0.100', to: '10.77.0.101' }] })
const X = ip('10.77.0.100')
const Y = ip('10.77.0.101')
const HOUR = 3600

async function opened(t: Parameters<typeof openBoot>[0], pools = ONE): Promise<Boot> {
  const boot = await openBoot(t)
  await change(boot, (draft) => draft.putSubnet(pools))
  return boot
}

/** What a RELEASE or DECLINE brings about; the reason where it is refused. */
async function end({ allocator }: Boot, kind: 'release' | 'decline', who: number, address = X) {
  const client = clientOf(mac(who))
  const ending = allocator[kind](client, address)
  if (ending.refused === undefined) await allocator.commit([{ kind, client, address }])
  return ending
}

test('RFC 2131, 4.3.4: a RELEASE frees the address at once', async (t) => {
  const boot = await opened(t)
  await boot.handshake(mac(8))
  t.is(await boot.handshake(mac(9)), undefined)
  t.deepEqual(await end(boot, 'release', 8), { reason: '10.77.0.100 is given back' })
  t.is(await boot.handshake(mac(9)), X)
})

test('RFC 2131, 4.3.4: a client that comes back gets what it gave back, if nobody needed it', async (t) => {
  const boot = await opened(t, TWO)
  t.is(await boot.handshake(mac(8)), X)
  await end(boot, 'release', 8)
  t.is(await boot.handshake(mac(9)), Y, 'the one that was never used comes first')
  t.is(await boot.handshake(mac(8)), X)
})

for (const kind of ['release', 'decline'] as const) {
  test(`a ${kind.toUpperCase()} of what the client does not hold changes nothing`, async (t) => {
    const boot = await opened(t)
    await boot.handshake(mac(8))
    const before = dump(boot.db)
    for (const [who, address] of [
      [9, X],
      [8, Y],
      [9, ip('192.168.0.9')]
    ] as const) {
      t.deepEqual(await end(boot, kind, who, address), {
        refused: 'silence',
        reason: `it holds no lease of ${address}`
      })
    }
    await end(boot, 'release', 8)
    t.like(await end(boot, kind, 8), { refused: 'silence' })
    t.is(dump(boot.db).lease?.length, before.lease?.length)
  })
}

test('RFC 2131, 4.3.3: a declined address is given to nobody for 24 hours, its finder neither; then it is free', async (t) => {
  const boot = await opened(t)
  await boot.handshake(mac(8))
  t.deepEqual(await end(boot, 'decline', 8), {
    reason: 'another host uses 10.77.0.100: find it; nobody is given it for 24 h',
    actOn: true
  })
  const nobodyGetsIt = async () => {
    for (const who of [8, 9]) {
      t.is(await boot.handshake(mac(who)), undefined)
      for (const state of ['selecting', 'renewing', 'rebinding', 'init-reboot'] as const) {
        t.like(boot.allocator.request(clientOf(mac(who)), X, state), { refused: 'nak' })
      }
    }
  }
  await nobodyGetsIt()
  boot.clock.advance(24 * HOUR - 1)
  await nobodyGetsIt()
  boot.clock.advance(1)
  t.is(await boot.handshake(mac(9)), X)
})

test('RFC 2131, 4.3.3: who declined gets another address', async (t) => {
  const boot = await opened(t, TWO)
  await boot.handshake(mac(8))
  await end(boot, 'decline', 8)
  t.is(await boot.handshake(mac(8)), Y)
})

test('a client that finds each address in use is believed eight times a day: the pool is for others, too', async (t) => {
  const boot = await openBoot(t)
  for (let times = 0; times < 8; times += 1) {
    t.like(await end(boot, 'decline', 8, await boot.handshake(mac(8))), { refused: undefined, actOn: true })
  }
  const ninth = await boot.handshake(mac(8))
  t.deepEqual(await end(boot, 'decline', 8, ninth), {
    refused: 'silence',
    reason: 'it has declined 8 addresses in a day: what answers ARP requests there? None more is taken from others',
    actOn: true
  })
  t.is(boot.leases.active(ninth ?? X)?.mac, mac(8))
  t.is(await boot.handshake(mac(9)), ip('10.77.0.109'))
  boot.clock.advance(24 * HOUR)
  t.like(await end(boot, 'decline', 8, await boot.handshake(mac(8))), { refused: undefined })
})

test("a machine's fixed address stays its own though it found it in use: a person has to find the other host", async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  const address = ip('10.77.0.4')
  t.is(await boot.handshake(mac(1)), address)
  t.deepEqual(await end(boot, 'decline', 1, address), {
    reason: "another host uses 10.77.0.4: find it; it stays db-1's",
    actOn: true
  })
  t.is(await boot.handshake(mac(1)), address)
  t.is(boot.leases.active(address)?.mac, mac(1))
})

test('RFC 2131, 4.3.5: an INFORM is told all but a lease, about the subnet of its own address, and leaves no trace', async (t) => {
  const boot = await opened(t)
  const before = dump(boot.db)
  const far = clientOf(mac(9), 'os', ip('10.99.0.1'))
  const told = boot.allocator.inform(far, ip('10.77.0.77'))
  t.false('address' in told || 'leaseTime' in told)
  t.deepEqual('options' in told && [...told.options.keys()], [1, 3, 6, 15, 28, 42])
  t.deepEqual(dump(boot.db), before)
  t.is(await boot.handshake(mac(8)), X, 'nothing is held for it')
})

test('a registered machine that INFORMs is told its name and its boot file', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  t.like(boot.allocator.inform(clientOf(mac(1), 'bios'), ip('10.77.0.4')), {
    hostName: 'db-1',
    boot: { kind: 'tftp', file: 'undionly.kpxe' }
  })
})

test('BOOTP has no end of a lease: only a registered machine is answered', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  t.like(boot.allocator.bootp(clientOf(mac(1), 'os')), { address: ip('10.77.0.4'), hostName: 'db-1' })
  t.deepEqual(boot.allocator.bootp(clientOf(mac(9), 'os')), {
    refused: 'silence',
    reason: 'a BOOTP client keeps its address for good: it has to be registered'
  })
  await change(boot, (draft) => draft.putSubnet(subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] })))
  t.like(boot.allocator.bootp(clientOf(mac(1), 'os', ip('10.78.0.1'))), { refused: 'silence' })
})
