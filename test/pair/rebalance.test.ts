import test from 'ava'
import type { Slot } from '../../src/inventory/address-shares.ts'
import type { Op } from '../../src/inventory/oplog.ts'
import { AddressPolicy } from '../../src/pair/address-policy.ts'
import { ADDRESS_RULES } from '../../src/pair/address-rules.ts'
import { Rebalance } from '../../src/pair/rebalance.ts'
import { change, openStore, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const TERMS = { mclt: 0, autonomy: 0, longestLease: 0, skew: 0, slack: 0 }
const POOLS = [{ from: ip('10.77.0.100'), to: ip('10.77.0.109') }]
const usable = () => true

/** An instance that is in step with another one, and has every second of ten addresses. */
async function instance(slot: Slot) {
  const written: Op[] = []
  const store = openStore({
    replicator: {
      async replicate(ops) {
        written.push(...ops)
        return true
      }
    }
  })
  const { inventory, leases, clock } = store
  const asked: unknown[] = []
  const told: string[] = []
  const rebalance = new Rebalance({
    inventory,
    slot,
    now: clock.now,
    spare: (pools, most) => leases.spare(pools, most, usable),
    ask: (pools) => asked.push(pools),
    tell: (level, message) => told.push(`${level}: ${message}`)
  })
  const policy = new AddressPolicy({
    slot,
    rules: ADDRESS_RULES,
    freed: inventory.freed,
    shares: inventory.shares,
    standing: () => ({ mode: 'together' }),
    terms: () => TERMS,
    now: clock.now,
    exhausted: (pools) => rebalance.ask(pools)
  })
  leases.share({ policy, replicator: undefined })
  await change(store, (draft) => draft.putSubnet(subnet({ pools: POOLS })))
  written.length = 0
  return { inventory, leases, clock, rebalance, asked, told, written, db: store.db }
}

test('of what one has free the other gets half, and the first gives none of those any more', async (t) => {
  const { leases, rebalance, written } = await instance(0)
  await rebalance.give(POOLS)
  t.deepEqual(
    written.map(({ entity, key, value }) => [entity, key, JSON.parse(value).slot]),
    [
      ['share', '10.77.0.100', 1],
      ['share', '10.77.0.102', 1]
    ]
  )
  const left: unknown[] = []
  for (let client = 1; client <= 5; client += 1) {
    const address = leases.choose(POOLS, mac(client), usable)
    if (address === undefined) continue
    left.push(address)
    leases.hold(address, mac(client))
  }
  t.deepEqual(left, ['10.77.0.104', '10.77.0.106', '10.77.0.108'])
})

test('what is leased or offered is not given away', async (t) => {
  const { leases, rebalance, written } = await instance(0)
  await leases.grant([{ address: ip('10.77.0.100'), mac: mac(1), seconds: 600 }])
  leases.hold(ip('10.77.0.102'), mac(2))
  await rebalance.give(POOLS)
  t.deepEqual(
    written.map(({ key }) => key),
    ['10.77.0.104']
  )
})

test('the last one is kept, and of pools that are not known here none is given', async (t) => {
  const { leases, rebalance, written } = await instance(0)
  rebalance.give([{ from: ip('10.77.0.100'), to: ip('10.77.0.255') }])
  for (const last of [100, 102, 104, 106]) leases.hold(ip(`10.77.0.${last}`), mac(last))
  await rebalance.give(POOLS)
  t.deepEqual(written, [])
})

test('what was got can be given to clients, also after a restart', async (t) => {
  const from = await instance(0)
  const to = await instance(1)
  for (const last of [101, 103, 105, 107, 109]) to.leases.hold(ip(`10.77.0.${last}`), mac(last))
  t.is(to.leases.choose(POOLS, mac(1), usable), undefined)
  from.rebalance.give(POOLS)
  const ops = from.written.map((op, index) => ({ ...op, seq: index + 1 }))
  to.inventory.receive(ops)
  to.leases.obtained(ops.map(({ key }) => ip(key)))
  t.is(to.leases.choose(POOLS, mac(1), usable), ip('10.77.0.100'))
  to.inventory.shares.reload()
  t.is(to.inventory.shares.slotOf(ip('10.77.0.100')), 1)
})

test('it asks once a second at most', async (t) => {
  const { clock, rebalance, asked } = await instance(1)
  rebalance.ask(POOLS)
  rebalance.ask(POOLS)
  t.is(asked.length, 1)
  clock.advance(1)
  rebalance.ask(POOLS)
  t.deepEqual(asked, [POOLS, POOLS])
})

test('where the disk is full, none changes hands, and that is told', async (t) => {
  const { inventory, rebalance, told, db } = await instance(0)
  db.pragma('query_only = ON')
  await rebalance.give(POOLS)
  t.deepEqual([...inventory.shares.entries()], [])
  t.regex(
    told.join(),
    /^warn: 2 free addresses, of the pool from 10\.77\.0\.100 on, couldn't be given to the other instance/
  )
})
