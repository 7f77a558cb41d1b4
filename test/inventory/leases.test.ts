import { join } from 'node:path'
import test from 'ava'
import { openDatabase } from '../../src/inventory/database.ts'
import { Leases } from '../../src/inventory/leases.ts'
import { FakeClock } from '../support/clock.ts'
import { dump } from '../support/inventory.ts'
import { allLeases } from '../support/leases.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { ip, mac } from '../support/values.ts'

const X = ip('10.77.0.100')
const Y = ip('10.77.0.101')

function open(db = openDatabase(':memory:'), clock = new FakeClock()) {
  return { db, clock, leases: new Leases(db, 'a', clock.now) }
}

test('a granted lease is on disk, counted, and keeps its start when it is renewed', async (t) => {
  const { db, clock, leases } = open()
  const start = clock.time
  await leases.grant([{ address: X, mac: mac(1), clientId: '01ff', hostName: 'box', seconds: 600 }])
  clock.advance(60)
  await leases.grant([{ address: X, mac: mac(1), seconds: 600 }])
  const lease = {
    address: X,
    mac: mac(1),
    clientId: null,
    hostName: null,
    state: 'bound' as const,
    stage: 'os' as const,
    loader: null,
    startedAt: start,
    grantedAt: start + 60_000,
    expiresAt: start + 660_000,
    owner: 'a',
    version: 2,
    change: 2,
    knownUntil: 0
  }
  t.deepEqual(allLeases(leases), [lease])
  t.deepEqual(dump(db).lease, [
    {
      address: X,
      mac: mac(1),
      client_id: null,
      host_name: null,
      stage: 'os',
      loader: null,
      started_at: lease.startedAt,
      granted_at: lease.grantedAt,
      expires_at: lease.expiresAt,
      owner: 'a',
      version: 2,
      change: 2,
      known_until: 0,
      state: 'bound'
    }
  ])
})

test('a restart finds the leases as they were, and who is where now', async (t) => {
  const path = join(tempFolder(t), 'tandem.sqlite')
  const { db, clock, leases } = open(openDatabase(path))
  await leases.grant([{ address: Y, mac: mac(1), clientId: '01ff', hostName: 'box', seconds: 86_400 }])
  clock.advance(1)
  await leases.grant([{ address: X, mac: mac(1), seconds: 600 }])
  db.close()
  const again = open(openDatabase(path), clock)
  t.deepEqual(again.leases.ofMac(mac(1)), leases.ofMac(mac(1)))
  t.is(again.leases.activeOfMac(mac(1))?.address, X)
  t.is(again.leases.handshakeOf(mac(1)), leases.handshakeOf(mac(1)))
  again.db.close()
})

test('a lease tells what the firmware of this boot loaded: iPXE from a ROM was loaded by none', async (t) => {
  const { leases } = open()
  const taken = async (stage: 'firmware' | 'ipxe' | 'os', loader?: string) => {
    await leases.grant([{ address: X, mac: mac(1), stage, loader, seconds: 600 }])
    return leases.active(X)?.loader
  }
  t.is(await taken('firmware', 'ipxe.efi'), 'ipxe.efi')
  t.is(await taken('ipxe'), 'ipxe.efi')
  t.is(await taken('ipxe'), null, 'no firmware asked before this one')
  t.is(await taken('firmware', 'ipxe.efi'), 'ipxe.efi')
  t.is(await taken('os'), null)
  t.is(await taken('ipxe'), null)
})

test('a lease runs for its seconds, and then the address is free', async (t) => {
  const { clock, leases } = open()
  await leases.grant([{ address: X, mac: mac(1), seconds: 600 }])
  clock.advance(599.999)
  t.is(leases.active(X)?.mac, mac(1))
  t.true(leases.isTaken(X, mac(2)))
  t.false(leases.isTaken(X, mac(1)))
  clock.advance(0.001)
  t.is(leases.active(X), undefined)
  t.is(leases.activeOfMac(mac(1)), undefined)
  t.false(leases.isTaken(X, mac(2)))
  t.deepEqual(
    leases.ofMac(mac(1)).map(({ address }) => address),
    [X]
  )
})

test('an address that goes to another client is no longer of the first', async (t) => {
  const { clock, leases } = open()
  await leases.grant([{ address: X, mac: mac(1), seconds: 600 }])
  clock.advance(600)
  await leases.grant([{ address: X, mac: mac(2), seconds: 600 }])
  t.deepEqual(leases.ofMac(mac(1)), [])
  t.like(leases.activeOfMac(mac(2)), { address: X, startedAt: clock.time, version: 2 ** 20 })
})

test('a client is where it was granted an address last, whatever it holds for longer', async (t) => {
  const { leases } = open()
  await leases.grant([{ address: X, mac: mac(1), seconds: 604_800 }])
  await leases.grant([{ address: Y, mac: mac(1), seconds: 600 }])
  t.is(leases.activeOfMac(mac(1))?.address, Y)
  await leases.grant([{ address: X, mac: mac(1), seconds: 600 }])
  t.is(leases.activeOfMac(mac(1))?.address, X)
})

test('each ACK is another handshake, of whatever address, and the last one is told when it has expired too', async (t) => {
  const { clock, leases } = open()
  const seen = new Set([leases.handshakeOf(mac(1))])
  for (const address of [X, X, Y, Y, X]) {
    await leases.grant([{ address, mac: mac(1), seconds: 600 }])
    seen.add(leases.handshakeOf(mac(1)))
  }
  t.is(seen.size, 6)
  clock.advance(86_400)
  t.true(seen.has(leases.handshakeOf(mac(1))))
  t.not(leases.handshakeOf(mac(1)), '')
})

test('an offered address is kept for its client for a minute', async (t) => {
  const { clock, leases } = open()
  leases.hold(X, mac(1))
  t.true(leases.isTaken(X, mac(2)))
  t.false(leases.isTaken(X, mac(1)))
  t.is(
    leases.heldBy(mac(1), () => true),
    X
  )
  t.is(
    leases.heldBy(mac(1), () => false),
    undefined
  )
  clock.advance(60)
  t.false(leases.isTaken(X, mac(2)))
})

test('a client has one offer: the last', async (t) => {
  const { leases } = open()
  leases.hold(X, mac(1))
  leases.hold(Y, mac(1))
  t.false(leases.isTaken(X, mac(2)))
  t.true(leases.isTaken(Y, mac(2)))
})

test("an old offer's client takes nothing from whom the address was offered to since", async (t) => {
  const { clock, leases } = open()
  leases.hold(X, mac(1))
  clock.advance(60)
  await leases.grant([{ address: X, mac: mac(2), seconds: 600 }])
  t.is(
    leases.heldBy(mac(1), () => true),
    undefined
  )
  clock.advance(600)
  leases.hold(X, mac(3))
  leases.hold(Y, mac(1))
  t.true(leases.isTaken(X, mac(4)))
})

test('leases that can not be written are not there, and the offers stand', async (t) => {
  const { db, leases } = open()
  leases.hold(X, mac(1))
  db.exec("CREATE TRIGGER full BEFORE INSERT ON lease BEGIN SELECT raise(ABORT, 'disk full'); END")
  const grants = [X, Y].map((address) => ({ address, mac: mac(1), seconds: 600 }))
  await t.throwsAsync(leases.grant(grants), { message: 'disk full' })
  t.deepEqual(allLeases(leases), [])
  t.is(leases.handshakeOf(mac(1)), '')
  t.true(leases.isTaken(X, mac(2)))
})

test('a batch is all on disk or nothing of it', async (t) => {
  const { db, leases } = open()
  db.exec(`CREATE TRIGGER full BEFORE INSERT ON lease WHEN NEW.address = '${Y}' BEGIN SELECT raise(ABORT, 'full'); END`)
  await t.throwsAsync(leases.grant([X, Y].map((address) => ({ address, mac: mac(1), seconds: 600 }))))
  t.deepEqual(dump(db).lease, [])
  t.is(leases.active(X), undefined)
})

test('of a client that took one address after the other the latest sixteen are looked through, also after a restart', async (t) => {
  const { db, clock, leases } = open()
  const addresses = Array.from({ length: 20 }, (_, index) => ip(`10.77.0.${100 + index}`))
  for (const address of addresses) {
    clock.advance(1)
    await leases.grant([{ address, mac: mac(1), seconds: 600 }])
    await leases.apply([{ kind: 'release', address }])
  }
  await leases.apply([{ kind: 'decline', address: X, seconds: 600 }])
  for (const each of [leases, open(db, clock).leases]) {
    const latest = each.ofMac(mac(1)).map(({ address }) => address)
    t.deepEqual(latest, addresses.slice(4).reverse())
    t.is(each.at(X)?.mac, mac(1), 'whose the others were is still known')
  }
})
