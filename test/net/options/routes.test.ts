import test from 'ava'
import { parseCidr, parseIpv4 } from '../../../src/net/ipv4.ts'
import { routes } from '../../../src/net/options/routes.ts'
import { bytesOf, holds, malformed, refused } from './forms.ts'

const ROUTER = [10, 77, 0, 1]

// RFC 3442's table of subnets and their encodings.
for (const [network, ...encoded] of [
  ['0.0.0.0/0', 0],
  ['10.0.0.0/8', 8, 10],
  ['10.0.0.0/24', 24, 10, 0, 0],
  ['10.17.0.0/16', 16, 10, 17],
  ['10.27.129.0/24', 24, 10, 27, 129],
  ['10.229.0.128/25', 25, 10, 229, 0, 128],
  ['10.198.122.47/32', 32, 10, 198, 122, 47]
] as const) {
  const json = { to: network, via: '10.77.0.1' }
  holds(routes, {
    value: [{ to: parseCidr(network), via: parseIpv4('10.77.0.1') }],
    bytes: bytesOf(...encoded, ...ROUTER),
    json: [json],
    also: [json]
  })
}

holds(routes, {
  value: [
    { to: parseCidr('172.16.0.0/12'), via: parseIpv4('0.0.0.0') },
    { to: parseCidr('0.0.0.0/0'), via: parseIpv4('10.77.0.1') }
  ],
  // To 172.16.0.0/12 on the link itself; to everywhere by the router.
  bytes: bytesOf(12, 172, 16, 0, 0, 0, 0, 0, ...ROUTER),
  json: [
    { to: '172.16.0.0/12', via: '0.0.0.0' },
    { to: '0.0.0.0/0', via: '10.77.0.1' }
  ]
})

test('RFC 3442: bits of the network that its mask does not cover are dropped', (t) => {
  t.deepEqual(routes.print(routes.read(bytesOf(12, 172, 31, ...ROUTER))), [{ to: '172.16.0.0/12', via: '10.77.0.1' }])
})

// Nothing; half a route; a prefix of 33 bits; a second route that is cut off.
malformed(routes, '', '08', '080a0a4d00', '210a0000ff0a4d0001', '080a0a4d0001 00')
refused(
  routes,
  [[{ to: '10.77.0.9/24', via: '10.77.0.1' }], '[0].to: "10.77.0.9/24" has host bits set: the network is 10.77.0.0/24'],
  [{ to: '10.0.0.0/8', via: 'router' }, 'via: "router" is not an IPv4 address like 10.77.0.10'],
  [{ to: 8, via: '10.77.0.1' }, 'to: must be a network like 10.77.0.0/24, not 8'],
  ['10.0.0.0/8', 'must be {to: network, via: IPv4 address}, not "10.0.0.0/8"']
)
