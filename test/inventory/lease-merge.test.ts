import assert from 'node:assert/strict'
import test from 'ava'
import fc from 'fast-check'
import { openDatabase } from '../../src/inventory/database.ts'
import type { LeaseEdit } from '../../src/inventory/lease.ts'
import { UNSHARED } from '../../src/inventory/lease-policy.ts'
import { Leases } from '../../src/inventory/leases.ts'
import { FakeClock } from '../support/clock.ts'
import { allLeases } from '../support/leases.ts'
import { ip, mac } from '../support/values.ts'

const X = ip('10.77.0.100')

/** Two instances that can't reach each other but by what is carried between them. */
function pair() {
  const clock = new FakeClock()
  const [a, b] = ['a', 'b'].map((name) => {
    const leases = new Leases(openDatabase(':memory:'), name, clock.now)
    leases.share({ policy: UNSHARED, replicator: { replicate: async () => undefined } })
    return leases
  }) as [Leases, Leases]
  return { clock, a, b }
}

const grant = (number: number, seconds: number): LeaseEdit => ({ kind: 'grant', address: X, mac: mac(number), seconds })

/** Brings over what the other one lacks as far as this one knows. @param heard whether it hears that it came. */
async function carry(from: Leases, to: Leases, heard = true): Promise<number> {
  const lacking = from.changedSince(from.changes.acknowledged)
  await to.receive(lacking)
  if (heard) from.acknowledged(from.changes.last)
  return lacking.length
}

async function carryAll(a: Leases, b: Leases): Promise<void> {
  for (let rounds = 0; (await carry(a, b)) + (await carry(b, a)) > 0; rounds += 1) {
    if (rounds > 10) throw new Error('the two tell each other the same again and again')
  }
}

/** What the two must have alike. */
const alike = (leases: Leases) =>
  allLeases(leases).map(({ mac: client, state, version, expiresAt }) => ({ client, state, version, expiresAt }))

test('of a lease that was made shorter, the longer one having come over unheard, both know the later end', async (t) => {
  const { clock, a, b } = pair()
  await b.apply([grant(1, 3600)])
  const later = clock.time + 3_600_000
  await carry(b, a, false)
  await b.apply([grant(1, 600)])
  await carry(b, a)
  const [lease] = allLeases(a)
  t.like(lease, { expiresAt: later, version: 2, knownUntil: clock.time + 600_000 })
  t.is(await carry(a, b), 1)
  for (const each of [a, b]) t.is(allLeases(each)[0]?.expiresAt, later)
  t.is(await carry(b, a), 0)
})

test('whatever is granted on two sides, and whatever is heard of it, both have the same in the end', async (t) => {
  const step = fc.oneof(
    fc.record({ by: fc.nat(1), client: fc.nat(1), seconds: fc.constantFrom(120, 600, 3600) }),
    fc.record({ by: fc.nat(1), heard: fc.boolean() }),
    fc.record({ by: fc.nat(1), release: fc.constant(true) }),
    fc.record({ by: fc.constant(0), pass: fc.constantFrom(1, 300, 4000) })
  )
  const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const { clock, a, b } = pair()
    for (const each of steps) {
      const [one, other] = each.by === 0 ? [a, b] : [b, a]
      if ('pass' in each) clock.advance(each.pass)
      else if ('heard' in each) await carry(one, other, each.heard)
      else if ('release' in each) await one.apply([{ kind: 'release', address: X }])
      else await one.apply([grant(each.client, each.seconds)])
    }
    await carryAll(a, b)
    assert.deepEqual(alike(a), alike(b))
  })
  await t.notThrowsAsync(fc.assert(property, { numRuns: 300 }))
})

test('a restart knows what the other instance has of the latest leases, though none was written since it said so', async (t) => {
  const db = openDatabase(':memory:')
  const clock = new FakeClock()
  const leases = new Leases(db, 'a', clock.now)
  await leases.apply([grant(1, 600)])
  leases.acknowledged(leases.changes.last)
  await leases.keepAcknowledged()
  t.deepEqual(new Leases(db, 'a', clock.now).changes, { last: 1, acknowledged: 1 })
})
