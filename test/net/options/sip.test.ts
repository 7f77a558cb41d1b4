import { parseIpv4 } from '../../../src/net/ipv4.ts'
import { sipServers } from '../../../src/net/options/sip.ts'
import { bytesOf, holds, malformed, refused } from './forms.ts'

// RFC 3361, section 3.1: encoding 0, names.
holds(sipServers, {
  value: { names: ['example.com', 'example.net'] },
  bytes: bytesOf(0, 7, 'example', 3, 'com', 0, 7, 'example', 3, 'net', 0),
  json: ['example.com', 'example.net']
})
// Section 3.2: encoding 1, addresses.
holds(sipServers, {
  value: { addresses: [parseIpv4('10.77.0.9')] },
  bytes: bytesOf(1, 10, 77, 0, 9),
  json: ['10.77.0.9'],
  also: ['10.77.0.9']
})
malformed(sipServers, '', '00', '01', '010a4d00', '02', '0003')
refused(
  sipServers,
  [['example.com', '10.77.0.9'], '[1]: must be a domain name like lab.example.org, not "10.77.0.9"'],
  [['10.77.0.9', 'example.com'], '[1]: "example.com" is not an IPv4 address like 10.77.0.10'],
  [[], 'must be a list of at least one, not []'],
  [5, 'must be a domain name like lab.example.org, not 5']
)
