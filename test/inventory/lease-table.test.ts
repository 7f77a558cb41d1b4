import test from 'ava'
import fc from 'fast-check'
import type { Lease } from '../../src/inventory/lease.ts'
import { LeaseTable } from '../../src/inventory/lease-table.ts'
import { ip, mac } from '../support/values.ts'

const lease = (last: number, changes: Partial<Lease> = {}): Lease => ({
  address: ip(`10.77.0.${last}`),
  mac: mac(1),
  clientId: null,
  hostName: null,
  state: 'bound',
  stage: 'os',
  loader: null,
  startedAt: 0,
  grantedAt: 0,
  expiresAt: 1000,
  owner: 'a',
  version: 1,
  change: 0,
  knownUntil: 0,
  ...changes
})

function holding(...leases: Lease[]): LeaseTable {
  const table = new LeaseTable()
  for (const each of leases) table.put(each)
  return table
}

const lastsOf = (table: LeaseTable, client = mac(1)) =>
  Array.from(table.ofMac(client), ({ address }) => Number(address.split('.')[3]))

test('a lease comes back as it was put, the largest addresses and times too', (t) => {
  const whole = lease(1, {
    address: ip('255.255.255.254'),
    mac: mac(0xfffffe),
    clientId: '01525400fffffe',
    hostName: 'büro',
    state: 'declined',
    stage: 'ipxe',
    loader: 'snponly.efi',
    startedAt: 1_800_000_000_001,
    grantedAt: 1_800_000_000_002,
    expiresAt: 4_102_444_800_003,
    version: 2 ** 40,
    change: 2 ** 41,
    knownUntil: 2 ** 42
  })
  const table = holding(lease(1), whole)
  t.deepEqual(table.at(table.rowOf(whole.address) as number), whole)
  t.deepEqual(table.at(table.rowOf(ip('10.77.0.1')) as number), lease(1))
  t.is(table.rowOf(ip('10.77.0.2')), undefined)
  t.is(table.size, 2)
})

test('the one granted last comes first, and each address is there once', (t) => {
  t.deepEqual(lastsOf(holding()), [])
  t.deepEqual(lastsOf(holding(lease(1), lease(2))), [2, 1])
  t.deepEqual(lastsOf(holding(lease(1), lease(2), lease(1, { version: 2 }))), [1, 2])
  t.deepEqual(lastsOf(holding(lease(1)), mac(2)), [])
})

test('an end leaves a lease in its place; one that went to another client is gone', (t) => {
  const table = holding(lease(1), lease(2))
  table.put(lease(1, { state: 'released' }))
  t.deepEqual(
    Array.from(table.ofMac(mac(1)), ({ state }) => state),
    ['bound', 'released']
  )
  table.put(lease(2, { mac: mac(2) }))
  t.deepEqual([lastsOf(table), lastsOf(table, mac(2))], [[1], [2]])
})

test('sixteen of a client are looked through, the latest', (t) => {
  const table = holding(...Array.from({ length: 20 }, (_, index) => lease(index)))
  t.deepEqual(
    lastsOf(table),
    Array.from({ length: 16 }, (_, index) => 19 - index)
  )
})

test('whoever fills a table has the latest first too, in whatever order the leases come', (t) => {
  const table = new LeaseTable()
  const times = [5, 1, 9, 3]
  table.fill(times.map((grantedAt, last) => lease(last, { grantedAt, mac: mac(last === 3 ? 2 : 1) })))
  t.deepEqual([lastsOf(table), lastsOf(table, mac(2))], [[2, 0, 1], [3]])
})

test('whatever is put: each client has its own addresses, the one granted last first', (t) => {
  const change = fc.record({
    last: fc.nat(5),
    client: fc.nat(2),
    state: fc.constantFrom('bound' as const, 'released' as const)
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const table = new LeaseTable()
      const holders = new Map<number, number>()
      let latest: number[] = []
      for (const { last, client, state } of changes) {
        table.put(lease(last, { mac: mac(client), state }))
        if (state === 'bound' || holders.get(last) !== client)
          latest = [last, ...latest.filter((each) => each !== last)]
        holders.set(last, client)
        for (const one of [0, 1, 2]) {
          t.deepEqual(
            lastsOf(table, mac(one)),
            latest.filter((each) => holders.get(each) === one)
          )
        }
      }
    })
  )
})
