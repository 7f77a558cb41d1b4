import { parseIpv4 } from '../../../src/net/ipv4.ts'
import { ipv4, ipv4s, policyFilters, staticRoutes } from '../../../src/net/options/addresses.ts'
import { fromHex, holds, malformed, refused } from './forms.ts'

const GATEWAY = parseIpv4('10.77.0.1')

holds(ipv4, { value: GATEWAY, bytes: fromHex('0a4d0001'), json: '10.77.0.1' })
malformed(ipv4, '', '0a4d00', '0a4d000100')
refused(
  ipv4,
  ['10.77.0', '"10.77.0" is not an IPv4 address like 10.77.0.10'],
  [10, 'must be an IPv4 address like 10.77.0.10, not 10']
)

holds(ipv4s, {
  value: [GATEWAY, parseIpv4('10.77.0.2')],
  bytes: fromHex('0a4d0001 0a4d0002'),
  json: ['10.77.0.1', '10.77.0.2']
})
holds(ipv4s, { value: [GATEWAY], bytes: fromHex('0a4d0001'), json: ['10.77.0.1'], also: ['10.77.0.1'] })
malformed(ipv4s, '', '0a4d0001 0a4d00')
refused(
  ipv4s,
  [[], 'must be a list of at least one, not []'],
  [
    ['10.77.0.1', 'ns1', null],
    '[1]: "ns1" is not an IPv4 address like 10.77.0.10; [2]: must be an IPv4 address like 10.77.0.10, not null'
  ]
)

// RFC 2132, section 5.8: destination and router, in pairs.
holds(staticRoutes, {
  value: [
    { to: parseIpv4('10.0.0.9'), via: GATEWAY },
    { to: parseIpv4('192.168.4.0'), via: GATEWAY }
  ],
  bytes: fromHex('0a000009 0a4d0001  c0a80400 0a4d0001'),
  json: [
    { to: '10.0.0.9', via: '10.77.0.1' },
    { to: '192.168.4.0', via: '10.77.0.1' }
  ]
})
malformed(staticRoutes, '', '0a000009', '0a000009 0a4d0001 c0a80400')
refused(
  staticRoutes,
  [[{ to: '10.0.0.9' }], '[0].via: is missing; it must be an IPv4 address like 10.77.0.10'],
  [
    [{ to: '10.0.0.9', gateway: '10.77.0.1' }],
    '[0]: must be {to: IPv4 address, via: IPv4 address}; there is no gateway'
  ],
  ['10.0.0.9', 'must be {to: IPv4 address, via: IPv4 address}, not "10.0.0.9"']
)

// RFC 2132, section 4.3: address and mask, in pairs.
holds(policyFilters, {
  value: [{ address: parseIpv4('10.0.0.0'), mask: parseIpv4('255.0.0.0') }],
  bytes: fromHex('0a000000 ff000000'),
  json: [{ address: '10.0.0.0', mask: '255.0.0.0' }],
  also: [{ address: '10.0.0.0', mask: '255.0.0.0' }]
})
malformed(policyFilters, '', '0a000000')
