import test from 'ava'
import fc from 'fast-check'
import {
  chooseFixedAddress,
  choosePoolAddress,
  inPool,
  serviceAddresses,
  subnetOf
} from '../../src/inventory/addresses.ts'
import { subnet } from '../support/inventory.ts'
import { ip } from '../support/values.ts'

const POOLS = [
  { from: ip('10.77.0.100'), to: ip('10.77.0.102') },
  { from: ip('10.77.0.200'), to: ip('10.77.0.201') }
]
const ALL = ['10.77.0.100', '10.77.0.101', '10.77.0.102', '10.77.0.200', '10.77.0.201'].map(ip)
const never = () => false

test('an address lies in one subnet or in none', (t) => {
  const subnets = [subnet(), subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] })]
  t.is(subnetOf(subnets, ip('10.78.0.9')), subnets[1])
  t.is(subnetOf(subnets, ip('10.79.0.9')), undefined)
})

test('pools include both their ends and nothing else', (t) => {
  for (const address of ALL) t.true(inPool(POOLS, address), address)
  for (const address of ['10.77.0.99', '10.77.0.103', '10.77.0.199', '10.77.0.202']) t.false(inPool(POOLS, ip(address)))
  t.false(inPool([], ip('10.77.0.100')))
})

test('the services of all subnets are gateways, DNS and NTP servers', (t) => {
  const other = subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', dns: ['10.77.0.9'], ntp: [], pools: [] })
  const expected = ['10.77.0.254', '10.77.0.2', '10.77.0.3', '10.78.0.1', '10.77.0.9']
  t.deepEqual(serviceAddresses([subnet(), other]), new Set(expected.map(ip)))
})

test('from any start a pool gives a free address while it has one, and every one of them', (t) => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.subarray(ALL), (start, taken) => {
      const address = choosePoolAddress(POOLS, start, (each) => taken.includes(each))
      if (taken.length === ALL.length) t.is(address, undefined)
      else t.true(address !== undefined && ALL.includes(address) && !taken.includes(address))
    })
  )
  t.deepEqual(
    ALL.map((_, start) => choosePoolAddress(POOLS, start, never)),
    ALL
  )
  t.is(choosePoolAddress([], 7, never), undefined)
})

test('a client that comes back is offered what it had', (t) => {
  t.is(choosePoolAddress(POOLS, 12_345, never), choosePoolAddress(POOLS, 12_345, never))
})

test('fixed addresses are taken from outside of the pools first, then from their ends', (t) => {
  const small = subnet({
    cidr: '10.77.0.0/29',
    gateway: '10.77.0.1',
    pools: [
      { from: '10.77.0.2', to: '10.77.0.3' },
      { from: '10.77.0.5', to: '10.77.0.5' }
    ]
  })
  const taken = new Set<string>(['10.77.0.1'])
  const order: (string | undefined)[] = []
  for (let count = 0; count < 6; count += 1) {
    const address = chooseFixedAddress(small, (each) => taken.has(each))
    order.push(address)
    if (address) taken.add(address)
  }
  t.deepEqual(order, ['10.77.0.4', '10.77.0.6', '10.77.0.3', '10.77.0.2', '10.77.0.5', undefined])
})

test('neither end of a subnet is a host, but for a /31', (t) => {
  const hosts = (cidr: string) => {
    const seen: string[] = []
    chooseFixedAddress(subnet({ cidr, gateway: '10.77.0.1', pools: [] }), (each) => seen.push(each) > 0)
    return seen
  }
  t.deepEqual(hosts('10.77.0.0/30'), ['10.77.0.1', '10.77.0.2'])
  t.deepEqual(hosts('10.77.0.0/31'), ['10.77.0.0', '10.77.0.1'])
})
