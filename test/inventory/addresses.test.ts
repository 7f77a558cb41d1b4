import test from 'ava'
import { chooseFixedAddress, inPool } from '../../src/inventory/addresses.ts'
import { subnet } from '../support/inventory.ts'
import { ip } from '../support/values.ts'

const POOLS = [
  { from: ip('10.77.0.100'), to: ip('10.77.0.102') },
  { from: ip('10.77.0.200'), to: ip('10.77.0.201') }
]
const ALL = ['10.77.0.100', '10.77.0.101', '10.77.0.102', '10.77.0.200', '10.77.0.201'].map(ip)

test('pools include both their ends and nothing else', (t) => {
  for (const address of ALL) t.true(inPool(POOLS, address), address)
  for (const address of ['10.77.0.99', '10.77.0.103', '10.77.0.199', '10.77.0.202']) t.false(inPool(POOLS, ip(address)))
  t.false(inPool([], ip('10.77.0.100')))
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

test('one that is preferred is taken if it is among the next few, else the first', (t) => {
  const net = subnet({ gateway: '10.77.0.1', pools: [] })
  const numberOf = (address: string) => Number(address.split('.')[3])
  t.is(
    chooseFixedAddress(
      net,
      () => false,
      (each) => numberOf(each) === 7
    ),
    ip('10.77.0.7')
  )
  let looked = 0
  const none = () => {
    looked += 1
    return false
  }
  t.is(
    chooseFixedAddress(net, () => false, none),
    ip('10.77.0.1')
  )
  t.is(looked, 64)
})

for (const [where, pools] of [
  ['outside the pools', []],
  ['in the pools', [{ from: '10.77.0.1', to: '10.77.15.254' }]]
] as const) {
  test(`however many were chosen ${where}, the next one is a preferred one, and is not looked for from the beginning`, (t) => {
    const net = subnet({ cidr: '10.77.0.0/20', gateway: '10.77.0.1', pools: [...pools] })
    const taken = new Set<string>()
    const chosen = new Map()
    let looked = 0
    const isTaken = (address: string) => {
      looked += 1
      return taken.has(address)
    }
    const isOdd = (address: string) => Number(address.split('.')[3]) % 2 === 1
    for (let count = 0; count < 1000; count += 1) {
      const address = chooseFixedAddress(net, isTaken, isOdd, chosen)
      t.true(address !== undefined && isOdd(address) && !taken.has(address))
      taken.add(address as string)
    }
    t.true(looked <= 3000, `${looked}`)
  })
}
