import test from 'ava'
import fc from 'fast-check'
import {
  broadcastOf,
  type Cidr,
  contains,
  type Ipv4,
  ipv4FromBytes,
  ipv4FromNumber,
  ipv4ToBytes,
  ipv4ToNumber,
  isHostAddress,
  maskOf,
  networkAddress,
  overlaps,
  parseCidr,
  parseIpv4,
  prefixOf
} from '../../src/net/ipv4.ts'

const anyNumber = fc.integer({ min: 0, max: 0xffffffff })
const anyCidr = fc.tuple(anyNumber, fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => {
  const size = 2 ** (32 - prefix)
  return `${ipv4FromNumber(address - (address % size))}/${prefix}` as Cidr
})

test('text, number and bytes are the same address', (t) => {
  fc.assert(
    fc.property(anyNumber, (value) => {
      const address = ipv4FromNumber(value)
      t.is(parseIpv4(address), address)
      t.is(ipv4ToNumber(address), value)
      t.is(ipv4FromBytes(ipv4ToBytes(address)), address)
    })
  )
  t.is(ipv4ToNumber('255.0.0.1' as Ipv4), 0xff000001)
  t.deepEqual(ipv4ToBytes('10.77.0.1' as Ipv4), Uint8Array.of(10, 77, 0, 1))
})

for (const text of [
  '',
  '10.77.0',
  '10.77.0.1.2',
  '10.77.0.256',
  '10.77.0.01',
  '10.77.0.-1',
  ' 10.77.0.1',
  '10.77.0.1\n',
  'a.b.c.d'
]) {
  test(`refuses ${JSON.stringify(text)} as an address`, (t) => {
    t.throws(() => parseIpv4(text), { instanceOf: TypeError, message: /is not an IPv4 address/ })
  })
}

for (const text of ['10.77.0.0', '10.77.0.0/33', '10.77.0.0/', '10.77.0.0/08', '10.77.0/24', '/24', '10.77.0.0/24/8']) {
  test(`refuses "${text}" as a network`, (t) => {
    t.throws(() => parseCidr(text), { instanceOf: TypeError })
  })
}

test('host bits are refused, and the network meant is named', (t) => {
  t.throws(() => parseCidr('10.77.0.9/24'), {
    message: '"10.77.0.9/24" has host bits set: the network is 10.77.0.0/24'
  })
})

for (const [cidr, mask, broadcast] of [
  ['10.77.0.0/24', '255.255.255.0', '10.77.0.255'],
  ['192.168.4.0/22', '255.255.252.0', '192.168.7.255'],
  ['224.0.0.0/3', '224.0.0.0', '255.255.255.255'],
  ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
  ['10.0.0.4/31', '255.255.255.254', '10.0.0.5'],
  ['10.0.0.4/32', '255.255.255.255', '10.0.0.4']
] as const) {
  test(`${cidr} has the mask ${mask} and the broadcast address ${broadcast}`, (t) => {
    const network = parseCidr(cidr)
    t.is(maskOf(network), mask as Ipv4)
    t.is(broadcastOf(network), broadcast as Ipv4)
  })
}

test('a network holds the addresses from its own to its broadcast address, and no others', (t) => {
  fc.assert(
    fc.property(anyCidr, anyNumber, (cidr, value) => {
      const [first, last] = [ipv4ToNumber(networkAddress(cidr)), ipv4ToNumber(broadcastOf(cidr))]
      t.is(parseCidr(cidr), cidr)
      t.is(last - first + 1, 2 ** (32 - prefixOf(cidr)))
      t.is(contains(cidr, ipv4FromNumber(value)), first <= value && value <= last)
      t.true(contains(cidr, ipv4FromNumber(first)) && contains(cidr, ipv4FromNumber(last)))
    })
  )
})

test('two networks overlap when one holds an end of the other, whichever is asked first', (t) => {
  fc.assert(
    fc.property(anyCidr, anyCidr, (a, b) => {
      const shared = contains(a, networkAddress(b)) || contains(b, networkAddress(a))
      t.is(overlaps(a, b), shared)
      t.is(overlaps(b, a), shared)
    })
  )
  t.true(overlaps('10.77.0.0/16' as Cidr, '10.77.4.0/24' as Cidr))
  t.false(overlaps('10.77.0.0/24' as Cidr, '10.77.1.0/24' as Cidr))
})

for (const [cidr, address, host] of [
  ['10.77.0.0/24', '10.77.0.1', true],
  ['10.77.0.0/24', '10.77.0.254', true],
  ['10.77.0.0/24', '10.77.0.0', false],
  ['10.77.0.0/24', '10.77.0.255', false],
  ['10.77.0.0/24', '10.77.1.1', false],
  ['10.77.0.4/31', '10.77.0.4', true],
  ['10.77.0.4/31', '10.77.0.5', true],
  ['10.77.0.4/32', '10.77.0.4', true]
] as const) {
  test(`${address} is ${host ? 'a' : 'no'} host's address in ${cidr}`, (t) => {
    t.is(isHostAddress(parseCidr(cidr), parseIpv4(address)), host)
  })
}
