import { readFileSync } from 'node:fs'
import test from 'ava'
import { formatOf, parseLeaseFile } from '../../../src/cli/lease-files/lease-file.ts'

/** Written by ISC dhcpd 4.4.3 and dnsmasq 2.90 for busybox's udhcpc. */
const file = (name: string) => readFileSync(`test/vectors/leases/${name}`, 'utf8')
const iscLease = (...statements: string[]) => `lease 10.77.0.100 {\n  ${statements.join(';\n  ')};\n}\n`
const ACTIVE = ['ends 1 2026/11/23 01:35:07', 'binding state active', 'hardware ethernet 52:54:00:00:00:0a']

test("ISC dhcpd's own file", (t) => {
  const text = file('dhcpd.leases')
  t.is(formatOf(text), 'isc')
  t.deepEqual(parseLeaseFile(text, 'isc'), {
    leases: [
      {
        address: '10.77.0.100',
        mac: '52:54:00:00:00:0a',
        expiresAt: new Date('2026-11-23T01:35:07Z'),
        clientId: '0152540000000a'
      },
      { address: '10.77.0.101', mac: '52:54:00:00:00:0b', expiresAt: new Date('2026-11-23T01:35:08Z') }
    ],
    ignored: []
  })
})

test("dnsmasq's own file", (t) => {
  const text = file('dnsmasq.leases')
  t.is(formatOf(text), 'dnsmasq')
  t.deepEqual(parseLeaseFile(text, 'dnsmasq'), {
    leases: [
      { address: '10.77.0.103', mac: '52:54:00:00:00:0c', expiresAt: new Date(1795397715_000) },
      {
        address: '10.77.0.101',
        mac: '52:54:00:00:00:0a',
        expiresAt: new Date(1795397712_000),
        hostName: 'web1',
        clientId: '0152540000000a'
      }
    ],
    ignored: []
  })
})

const IN_ISC: Record<string, { text: string; found: object[]; ignored?: object[] }> = {
  'a later block of an address takes the place of an earlier one': {
    text: iscLease(...ACTIVE) + iscLease('ends 1 2026/11/23 01:00:00', 'binding state free'),
    found: []
  },
  'db-time-format local': {
    text: iscLease('ends epoch 1795397715', ...ACTIVE.slice(1)).replace('715;', '715; # Mon Nov 23 01:35:15 2026'),
    found: [{ expiresAt: new Date(1795397715_000) }]
  },
  'a lease that never ends': { text: iscLease('ends never', ...ACTIVE.slice(1)), found: [{ expiresAt: undefined }] },
  'a client id in hexadecimal, a name with a quotation mark': {
    text: iscLease(...ACTIVE, 'uid 1:52:54:0:0:0:a', 'client-hostname "a\\"b"'),
    found: [{ clientId: '0152540000000a', hostName: 'a"b' }]
  },
  'what the server is just writing is left out, with its line': {
    text: `${iscLease(...ACTIVE)}lease 10.77.0.101 {\n  starts 1 2026`,
    found: [{ address: '10.77.0.100' }],
    ignored: [{ line: 6, reason: 'the block of 10.77.0.101 has no end' }]
  },
  'other blocks are passed over': {
    text: `failover peer "x" state {\n  my state normal;\n}\nhost web1 {\n  dynamic;\n}\n${iscLease(...ACTIVE)}`,
    found: [{ address: '10.77.0.100' }]
  },
  'a lease of no Ethernet address': {
    text: iscLease(...ACTIVE.slice(0, 2), 'hardware infiniband 80:00'),
    found: [],
    ignored: [{ line: 1, reason: '10.77.0.100 has no Ethernet address' }]
  }
}

for (const [rule, { text, found, ignored = [] }] of Object.entries(IN_ISC)) {
  test(`dhcpd.leases: ${rule}`, (t) => {
    const parsed = parseLeaseFile(text, 'isc')
    t.is(parsed.leases.length, found.length)
    for (const [index, lease] of found.entries()) t.like(parsed.leases[index], lease)
    t.deepEqual(parsed.ignored, ignored as never)
  })
}

test('dnsmasq.leases: an expiry of 0 is none, IPv6 comes after the duid, what is no lease is told with its line', (t) => {
  const text = '0 52:54:00:00:00:0a 10.77.0.9 * *\njunk\n06-80:00:01 10.77.0.8 * *\nduid 00:01\n1 2 fd77::1 * 00\n'
  t.deepEqual(parseLeaseFile(text, 'dnsmasq'), {
    leases: [{ address: '10.77.0.9', mac: '52:54:00:00:00:0a' }],
    ignored: [2, 3].map((line) => ({ line, reason: 'not "EXPIRY MAC ADDRESS NAME CLIENT-ID"' }))
  })
})

test('a file of neither server has no format', (t) => {
  t.is(formatOf('{"leases": []}'), undefined)
})
