import test from 'ava'
import { AddressAllocator } from '../../src/boot/allocator.ts'
import { directLeaseLog, type LeaseLog } from '../../src/inventory/lease-log.ts'
import { Leases } from '../../src/inventory/leases.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { type Boot, clientOf, installable, openBoot } from '../support/boot.ts'
import { change, dump, machine } from '../support/inventory.ts'
import { allLeases } from '../support/leases.ts'
import { ip, mac } from '../support/values.ts'

/** From the promise of a lease to its being durable: what may have happened in between. */

const X = ip('10.77.0.105')
const Y = ip('10.77.0.106')

/** What a client asks for and is promised; nothing of it is written. */
function promised({ allocator }: Pick<Boot, 'allocator'>, who: number, address: Ipv4) {
  const client = clientOf(mac(who))
  const grant = allocator.request(client, address, 'selecting')
  if ('refused' in grant) throw new Error(grant.reason)
  return { kind: 'grant', client, grant } as const
}

const register = (boot: Boot, who: number, address: Ipv4) =>
  change(boot, (draft) =>
    draft.putMachine(machine(`db-${who}`, who, { interfaces: [{ mac: mac(who), ipv4: address }] }))
  )

const holders = ({ leases }: { leases: Leases }) => Array.from(allLeases(leases), ({ address, mac }) => [address, mac])

test('a lease is on disk when the commit resolves, and nothing before', async (t) => {
  const boot = await openBoot(t)
  const client = { ...clientOf(mac(9)), clientId: '01ff', hostName: 'box' }
  const grant = boot.allocator.request(client, X, 'selecting')
  t.deepEqual(dump(boot.db).lease, [])
  if ('address' in grant) await boot.allocator.commit([{ kind: 'grant', client, grant }])
  t.like(dump(boot.db).lease?.[0], { mac: mac(9), client_id: '01ff', host_name: 'box', owner: 'a', state: 'bound' })
})

test('a commit that fails rejects, so that no ACK leaves; the next one is a new start', async (t) => {
  const { db, allocator, handshake } = await openBoot(t)
  db.exec("CREATE TRIGGER full BEFORE INSERT ON lease BEGIN SELECT raise(ABORT, 'disk full'); END")
  await t.throwsAsync(handshake(mac(9)), { message: 'disk full' })
  t.like(allocator.offer(clientOf(mac(9))), { leaseTime: 600 })
  db.exec('DROP TRIGGER full')
  t.is(await handshake(mac(9)), ip('10.77.0.100'))
})

test('one MAC with changing client identifiers is one client: its lease is renewed, none is added', async (t) => {
  const boot = await openBoot(t)
  for (const clientId of ['0152540000000a', 'ff00000001', undefined]) {
    const client = { ...clientOf(mac(9)), clientId }
    const offer = boot.allocator.offer(client)
    t.like(offer, { address: ip('10.77.0.100') })
    const grant = boot.allocator.request(client, ip('10.77.0.100'), 'selecting')
    if ('address' in grant) await boot.allocator.commit([{ kind: 'grant', client, grant }])
    t.like(dump(boot.db).lease, [{ mac: mac(9), client_id: clientId ?? null }])
  }
  t.is(dump(boot.db).lease?.length, 1)
})

test('an address that was given to a machine just before the ACK is acknowledged to nobody else', async (t) => {
  const boot = await openBoot(t)
  const [lost, kept] = [promised(boot, 9, X), promised(boot, 8, Y)]
  await register(boot, 1, X)
  const impossible = await boot.allocator.commit([lost, kept])
  t.deepEqual([...impossible], [[lost, '10.77.0.105 was given to db-1 meanwhile']])
  t.deepEqual(holders(boot), [[Y, mac(8)]], 'the others of its batch are none the worse')
})

test('no two clients get an address, though the first one gave its claim up before it was durable', async (t) => {
  const boot = await openBoot(t)
  const first = promised(boot, 8, X)
  // It asks anew, for another address: its hold goes over to that one.
  boot.allocator.offer(clientOf(mac(8)), Y)
  const second = promised(boot, 9, X)
  const impossible = await boot.allocator.commit([first, second])
  t.deepEqual([...impossible], [[second, '10.77.0.105 went to another client meanwhile']])
  t.deepEqual(holders(boot), [[X, mac(8)]])
})

test('likewise while the first one is being written', async (t) => {
  const boot = await openBoot(t)
  const { allocator, leases, written } = withSlowDisk(boot)
  const first = promised({ allocator }, 8, X)
  const committed = allocator.commit([first])
  allocator.offer(clientOf(mac(8)), Y)
  const second = promised({ allocator }, 9, X)
  written()
  t.is((await committed).size, 0)
  t.deepEqual([...(await allocator.commit([second])).keys()], [second])
  t.deepEqual(holders({ leases }), [[X, mac(8)]])
})

test('a machine gets its own address whoever held it: a network card was exchanged', async (t) => {
  const boot = await openBoot(t)
  await register(boot, 1, ip('10.77.0.4'))
  await boot.handshake(mac(1))
  await change(boot, (draft) =>
    draft.putMachine(machine('db-1', 1, { interfaces: [{ mac: mac(2), ipv4: '10.77.0.4' }] }))
  )
  t.is(await boot.handshake(mac(2)), ip('10.77.0.4'))
  t.deepEqual(holders(boot), [[ip('10.77.0.4'), mac(2)]])
})

test('what ends in the batch that it is granted in has ended', async (t) => {
  const boot = await openBoot(t)
  const grant = promised(boot, 9, X)
  await boot.allocator.commit([grant, { kind: 'release', client: clientOf(mac(9)), address: X }])
  t.is(boot.leases.at(X)?.state, 'released')
  t.is(boot.leases.active(X), undefined)
})

test('the card that iPXE drives is remembered with the machine, once', async (t) => {
  const boot = await openBoot(t)
  await installable(boot)
  const client = { ...clientOf(mac(1)), busId: '01:1a:f4:10:00' }
  const change = { kind: 'grant', client, grant: { address: ip('10.77.0.4'), leaseTime: 600 } } as const
  await boot.allocator.commit([change])
  t.is(boot.inventory.need('machine', 'db-1').facts.busid, '01:1a:f4:10:00')
  const version = boot.inventory.version('machine', 'db-1')
  await boot.allocator.commit([change])
  t.is(boot.inventory.version('machine', 'db-1'), version)
})

/** The same inventory, with leases whose first write takes until the test says so. */
function withSlowDisk({ db, clock, facts, endpoints }: Boot) {
  let written = () => {}
  const disk = directLeaseLog(db)
  const firstWrite = new Promise<void>((resolve) => {
    written = resolve
  })
  const slow: LeaseLog = { ...disk, append: (leases) => firstWrite.then(() => disk.append(leases)) }
  const leases = new Leases(db, 'a', clock.now, slow)
  return { leases, allocator: new AddressAllocator({ ...facts, leases }, endpoints), written }
}
