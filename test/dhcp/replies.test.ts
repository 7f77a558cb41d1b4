import test from 'ava'
import type { Grant } from '../../src/dhcp/allocator.ts'
import { BROADCAST_FLAG, encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { bootpReply, informReply, refusalReply } from '../../src/dhcp/respond.ts'
import { UNSPECIFIED } from '../../src/net/ipv4.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, ip, packet, plain } from './vectors.ts'

/** The replies that are no OFFER and no ACK of a lease. */

const SERVER = ip('10.77.0.1')
const LEASE: Grant = {
  address: ip('10.77.0.10'),
  leaseTime: 3600,
  options: new Map([entry(OPTION.subnetMask, ip('255.255.255.0')), entry(OPTION.routers, [ip('10.77.0.254')])]),
  hostName: 'n1',
  boot: { kind: 'tftp', server: SERVER, file: 'ipxe.efi' },
  reasons: []
}

const codes = ({ options }: Packet) => [...options.keys()]

for (const [where, fields, flags] of [
  ['on the link', { flags: 0 }, 0],
  ['on the link, with the flag', { flags: BROADCAST_FLAG }, BROADCAST_FLAG],
  ['through a relay agent: it must broadcast', { giaddr: ip('10.88.0.1') }, BROADCAST_FLAG]
] as const) {
  test(`RFC 2131, table 3: the whole NAK ${where}`, (t) => {
    const request = packet({ ciaddr: ip('10.9.0.9'), secs: 7, hops: 1, ...fields }, [
      entry(OPTION.clientId, fromHex('0152540000000a')),
      entry(OPTION.parameters, [1, 3, 6])
    ])
    t.deepEqual(plain(refusalReply(request, 'wrong subnet', SERVER)), {
      ...packet({ op: 2, flags, giaddr: request.giaddr }),
      options: new Map([
        entry(OPTION.messageType, MESSAGE.NAK),
        entry(OPTION.serverId, SERVER),
        entry(OPTION.message, 'wrong subnet'),
        entry(OPTION.clientId, fromHex('0152540000000a'))
      ])
    })
  })
}

test('RFC 2131, 4.3.5: the ACK to an INFORM has neither an address nor a lease time', (t) => {
  const request = packet({ ciaddr: ip('10.77.0.9') }, [entry(OPTION.messageType, MESSAGE.INFORM)])
  const reply = informReply(request, LEASE, SERVER)
  t.like(reply, { ciaddr: ip('10.77.0.9'), yiaddr: UNSPECIFIED, siaddr: SERVER })
  t.deepEqual(reply.options.get(53), Uint8Array.of(MESSAGE.ACK))
  t.deepEqual(codes(reply), [53, 54, 1, 66, 67, 12, 3])
})

test("RFC 1534, 2: a BOOTP client is told none of DHCP's own options", (t) => {
  const reply = bootpReply(packet(), LEASE)
  t.like(reply, { op: 2, yiaddr: LEASE.address, siaddr: SERVER, file: 'ipxe.efi' })
  t.deepEqual(codes(reply), [1, 66, 67, 12, 3])
  t.is(encode(reply).length, 300)
})

test('RFC 951: a BOOTREPLY has 300 bytes, whatever there would be to tell', (t) => {
  const configured = new Map([...LEASE.options, [224, new Uint8Array(50)] as const])
  const request = packet({ giaddr: ip('10.88.0.1') }, [[82, fromHex('0103627231')]])
  const reply = bootpReply(request, { ...LEASE, options: configured })
  t.deepEqual(codes(reply), [1, 66, 67, 12, 3, 82])
  t.is(encode(reply).length, 300)
})
