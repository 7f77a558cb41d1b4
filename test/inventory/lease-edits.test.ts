import test from 'ava'
import { openDatabase } from '../../src/inventory/database.ts'
import type { LeaseEdit } from '../../src/inventory/lease.ts'
import { Leases } from '../../src/inventory/leases.ts'
import { FakeClock } from '../support/clock.ts'
import { dump } from '../support/inventory.ts'
import { allLeases } from '../support/leases.ts'
import { ip, mac } from '../support/values.ts'

/** How leases end, what an edit does to those before it, and what a restart makes of that. */

const X = ip('10.77.0.100')
const Y = ip('10.77.0.101')
const DAY = 86_400
const POOL = { from: X, to: Y }
const any = () => true

function open(db = openDatabase(':memory:'), clock = new FakeClock()) {
  return { db, clock, leases: new Leases(db, 'a', clock.now) }
}

const grant = (address = X, who = 1, seconds = 600) =>
  ({ kind: 'grant', address, mac: mac(who), seconds }) satisfies LeaseEdit
const release = (address = X): LeaseEdit => ({ kind: 'release', address })
const decline = (address = X): LeaseEdit => ({ kind: 'decline', address, seconds: DAY })

test('a released lease has ended, and its client keeps its name on it', async (t) => {
  const { db, clock, leases } = open()
  await leases.apply([grant()])
  clock.advance(60)
  await leases.apply([release()])
  t.like(leases.at(X), { state: 'released', mac: mac(1), expiresAt: clock.time, version: 2 })
  t.like(dump(db).lease, [{ state: 'released', expires_at: clock.time, version: 2 }])
  t.is(leases.active(X), undefined)
  t.is(leases.activeOfMac(mac(1)), undefined)
  t.false(leases.isTaken(X, mac(2)))
  t.is(leases.latestOf(mac(1), any)?.address, X)
})

test('a declined address is taken for everybody, its finder too, until its quarantine ends', async (t) => {
  const { db, clock, leases } = open()
  await leases.apply([grant()])
  await leases.apply([decline()])
  const end = clock.time + DAY * 1000
  t.like(dump(db).lease, [{ state: 'declined', expires_at: end }])
  t.is(leases.active(X), undefined)
  clock.advance(DAY - 0.001)
  t.deepEqual([leases.isDeclined(X), leases.isTaken(X, mac(1)), leases.isTaken(X, mac(2))], [true, true, true])
  clock.advance(0.001)
  t.deepEqual([leases.isDeclined(X), leases.isTaken(X, mac(1)), leases.isTaken(X, mac(2))], [false, false, false])
})

test('a person ends a quarantine early', async (t) => {
  const { leases } = open()
  await leases.apply([grant(), decline()])
  await leases.apply([release()])
  t.false(leases.isTaken(X, mac(2)))
  t.is(leases.choose([{ from: X, to: X }], mac(2), any), X)
})

test('a lease that ended before it was given back ended then', async (t) => {
  const { clock, leases } = open()
  await leases.apply([grant()])
  const end = clock.time + 600_000
  clock.advance(DAY)
  await leases.apply([release()])
  t.is(leases.at(X)?.expiresAt, end)
})

test('ends of leases that there are not change nothing, and nothing is written', async (t) => {
  const { db, leases } = open()
  await leases.apply([release(), decline(Y)])
  t.deepEqual(dump(db).lease, [])
  t.is(leases.at(X), undefined)
})

test('an end is no handshake, and does not make an address the one that was granted last', async (t) => {
  const { leases } = open()
  await leases.apply([grant(X)])
  await leases.apply([grant(Y)])
  const handshake = leases.handshakeOf(mac(1))
  await leases.apply([release(X)])
  t.is(leases.handshakeOf(mac(1)), handshake)
  t.is(leases.latestOf(mac(1), any)?.address, Y)
})

for (const [what, before, edits, lost] of [
  ['a lease that another client holds', [grant(X, 1)], [grant(X, 2)], [0]],
  ['a quarantine', [grant(X, 1), decline()], [grant(X, 1)], [0]],
  ['a lease in the same batch', [], [grant(X, 1), grant(X, 2)], [1]],
  ['a lease that ends in the same batch: that is free', [grant(X, 1)], [release(), grant(X, 2)], []],
  ['its own lease', [grant(X, 1)], [grant(X, 1)], []],
  ['what is its fixed address', [grant(X, 1)], [{ ...grant(X, 2), fixed: true }], []],
  ['what is its fixed address, though it was declined', [grant(), decline()], [{ ...grant(X, 2), fixed: true }], []]
] as const satisfies readonly (readonly [string, readonly LeaseEdit[], readonly LeaseEdit[], readonly number[]])[]) {
  test(`a grant that ${lost.length > 0 ? 'is lost' : 'is made'}, against ${what}`, async (t) => {
    const { leases } = open()
    await leases.apply(before)
    const not = await leases.apply([...edits, grant(Y, 9)])
    t.deepEqual(
      [...not.keys()],
      lost.map((index) => edits[index] as LeaseEdit)
    )
    t.is(leases.active(Y)?.mac, mac(9), 'the others of the batch are made')
  })
}

test('an address has its holder before the lease is on disk, and has none if it can not be written', async (t) => {
  const { db, clock } = open()
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = []
  const append = () => new Promise<number>((resolve, reject) => ends.push({ resolve: () => resolve(0), reject }))
  const leases = new Leases(db, 'a', clock.now, { append, close: async () => {} })
  for (const outcome of ['reject', 'resolve'] as const) {
    const granted = leases.apply([grant()])
    t.is(leases.holderOf(X), mac(1))
    await new Promise((resolve) => setImmediate(resolve))
    t.deepEqual([leases.active(X), leases.holderOf(X)], [undefined, mac(1)])
    ends.shift()?.[outcome](new Error('disk full'))
    await Promise.allSettled([granted])
    t.is(leases.holderOf(X), outcome === 'resolve' ? mac(1) : undefined)
  }
  clock.advance(600)
  t.is(leases.holderOf(X), undefined)
})

test("a lease that has expired is in nobody's way", async (t) => {
  const { clock, leases } = open()
  await leases.apply([grant(X, 1)])
  clock.advance(600)
  t.is((await leases.apply([grant(X, 2)])).size, 0)
  t.is(leases.active(X)?.mac, mac(2))
})

test('a restart finds what was released and declined as it was, and which address was free for longest', async (t) => {
  const { db, clock, leases } = open()
  await leases.apply([grant(X, 1), grant(Y, 2)])
  clock.advance(1)
  await leases.apply([release(Y)])
  clock.advance(1)
  await leases.apply([release(X)])
  const again = open(db, clock).leases
  t.is(again.at(X)?.state, 'released')
  t.is(again.choose([POOL], mac(3), any), Y)
  await leases.apply([grant(X, 1), decline(X)])
  const later = open(db, clock).leases
  t.true(later.isDeclined(X))
  t.is(later.choose([{ from: X, to: X }], mac(3), any), undefined)
  clock.advance(DAY)
  t.is(later.choose([{ from: X, to: X }], mac(3), any), X)
})

test('a restart drops what ended thirty days ago, and keeps what ended later', async (t) => {
  const { db, clock, leases } = open()
  await leases.apply([grant(X, 1, 600), grant(Y, 2, 700)])
  clock.advance(30 * DAY + 650)
  t.deepEqual(
    Array.from(allLeases(open(db, clock).leases), ({ address }) => address),
    [Y]
  )
  t.is(dump(db).lease?.length, 1)
})

test('choosing from a /16 looks at few addresses, whoever holds the others', async (t) => {
  const { clock, leases } = open()
  const pool = { from: ip('10.78.0.0'), to: ip('10.78.255.255') }
  let looked = 0
  const isUsable = () => {
    looked += 1
    return true
  }
  const count = 5000
  for (let number = 0; number < count; number += 1) {
    const address = leases.choose([pool], mac(number), isUsable)
    if (address !== undefined) await leases.apply([grant(address, number)])
  }
  t.is(looked, count)
  clock.advance(600)
  looked = 0
  for (let number = count; number < 2 * count; number += 1) {
    const address = leases.choose([pool], mac(number), isUsable)
    if (address !== undefined) leases.hold(address, mac(number))
  }
  t.is(looked, count)
})
