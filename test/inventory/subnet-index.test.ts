import test from 'ava'
import fc from 'fast-check'
import { SubnetIndex } from '../../src/inventory/subnet-index.ts'
import { type Cidr, contains, type Ipv4, ipv4FromNumber, overlaps } from '../../src/net/ipv4.ts'
import { change, openStore, subnet } from '../support/inventory.ts'
import { ip } from '../support/values.ts'

const bare = (cidr: string) => ({ ...subnet(), cidr: cidr as Cidr })

const networks = fc
  .array(fc.tuple(fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 })), { maxLength: 20 })
  .map((given) => {
    const disjoint: Cidr[] = []
    for (const [address, prefix] of given) {
      const cidr = `${ipv4FromNumber(address - (address % 2 ** (32 - prefix)))}/${prefix}` as Cidr
      if (!disjoint.some((other) => overlaps(other, cidr))) disjoint.push(cidr)
    }
    return disjoint
  })

test('an address is found in the subnet that contains it, of whatever size, and in no other', (t) => {
  fc.assert(
    fc.property(networks, fc.array(fc.nat(0xffffffff)), (cidrs, numbers) => {
      const index = new SubnetIndex(cidrs.map(bare))
      const edges = cidrs.map((cidr) => cidr.split('/')[0] as Ipv4)
      for (const address of [...edges, ...numbers.map(ipv4FromNumber)]) {
        t.is(
          index.of(address)?.cidr,
          cidrs.find((cidr) => contains(cidr, address))
        )
      }
    })
  )
})

test('the last address of a subnet is in it, the next one in the one that follows', (t) => {
  const index = new SubnetIndex(['10.76.0.0/15', '10.78.0.0/24', '10.78.1.0/32'].map(bare))
  const found = ['10.77.255.255', '10.78.0.0', '10.78.0.255', '10.78.1.0', '10.78.1.1', '10.75.255.255'].map(
    (address) => index.of(ip(address))?.cidr as string | undefined
  )
  t.deepEqual(found, ['10.76.0.0/15', '10.78.0.0/24', '10.78.0.0/24', '10.78.1.0/32', undefined, undefined])
})

test('gateways, DNS and NTP servers of any subnet are services, whichever subnet they lie in', (t) => {
  const other = subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', dns: ['10.77.0.9'], ntp: [], pools: [] })
  const index = new SubnetIndex([subnet(), other])
  for (const address of ['10.77.0.254', '10.77.0.2', '10.77.0.3', '10.78.0.1', '10.77.0.9']) {
    t.true(index.isService(ip(address)), address)
  }
  t.false(index.isService(ip('10.77.0.1')))
})

test('subnets of one shared network are on one link, the one asked about first', (t) => {
  const of = (network: string, sharedNetwork?: string) =>
    subnet({
      cidr: `10.${network}.0.0/24`,
      gateway: `10.${network}.0.1`,
      pools: [],
      ...(sharedNetwork && { sharedNetwork })
    })
  const [one, two, alone, other, third] = [of('1', 'lab'), of('2', 'lab'), of('3'), of('4', 'rack'), of('5', 'lab')]
  const index = new SubnetIndex([one, two, alone, other, third, of('6')])
  t.deepEqual(index.linkOf(two), [two, one, third])
  t.deepEqual(index.linkOf(alone), [alone])
  t.deepEqual(index.linkOf(other), [other])
})

test('the inventory answers by the subnets as they are now, a draft by those that will be', async (t) => {
  const store = openStore()
  const { inventory } = store
  const at = ip('10.77.0.9')
  t.is(inventory.subnetOf(at), undefined)
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    t.is(draft.subnets.of(at)?.domain, 'example.org')
    draft.putSubnet(subnet({ domain: 'lab.org' }))
    t.is(draft.subnets.of(at)?.domain, 'lab.org')
    t.is(inventory.subnetOf(at), undefined)
  })
  t.is(inventory.subnetOf(at)?.domain, 'lab.org')
  t.true(inventory.isServiceAddress(ip('10.77.0.2')))
  t.is(openStore({ db: store.db }).inventory.subnetOf(at)?.domain, 'lab.org')
  await change(store, (draft) => draft.delete('subnet', '10.77.0.0/24'))
  t.is(inventory.subnetOf(at), undefined)
  t.false(inventory.isServiceAddress(ip('10.77.0.2')))
})
