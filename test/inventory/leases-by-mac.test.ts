import test from 'ava'
import type { Lease } from '../../src/inventory/leases.ts'
import { LeasesByMac } from '../../src/inventory/leases-by-mac.ts'
import { ip, mac } from '../support/values.ts'

const lease = (last: number, version = 1): Lease => ({
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
  version
})

function holding(...granted: Lease[]) {
  const leases = new LeasesByMac()
  for (const each of granted) leases.add(each)
  return leases
}

test('the one granted last is at the end, and each address is there once', (t) => {
  t.deepEqual(holding().of(mac(1)), [])
  t.deepEqual(holding(lease(1)).of(mac(1)), [lease(1)])
  t.deepEqual(holding(lease(1), lease(1, 2)).of(mac(1)), [lease(1, 2)])
  t.deepEqual(holding(lease(1), lease(2), lease(1, 2)).of(mac(1)), [lease(2), lease(1, 2)])
  t.deepEqual(holding(lease(1)).of(mac(2)), [])
})

test('the latest of those that fit is found', (t) => {
  const leases = holding(lease(1), lease(2), lease(3))
  t.is(leases.latest(mac(1), ({ address }) => address !== ip('10.77.0.3'))?.address, ip('10.77.0.2'))
  t.is(
    leases.latest(mac(1), () => false),
    undefined
  )
  t.is(
    holding(lease(1)).latest(mac(1), () => false),
    undefined
  )
  t.deepEqual(
    holding(lease(1)).latest(mac(1), () => true),
    lease(1)
  )
})

test('an end leaves a lease where it was; one that is removed is gone', (t) => {
  const leases = holding(lease(1), lease(2))
  const released: Lease = { ...lease(1, 2), state: 'released' }
  leases.end(released)
  t.deepEqual(leases.of(mac(1)), [released, lease(2)])
  leases.remove(lease(2))
  t.deepEqual(leases.of(mac(1)), [released])
  leases.remove(released)
  t.deepEqual(leases.of(mac(1)), [])
})

test('sixteen are kept, the latest', (t) => {
  const leases = holding(...Array.from({ length: 20 }, (_, index) => lease(index)))
  t.deepEqual(
    leases.of(mac(1)).map(({ address }) => address),
    Array.from({ length: 16 }, (_, index) => ip(`10.77.0.${index + 4}`))
  )
})
