import test from 'ava'
import type { BootAnswer, Grant } from '../../src/dhcp/allocator.ts'
import { BROADCAST_FLAG, decode, encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry } from '../../src/dhcp/options.ts'
import { grantReply, refusalReply } from '../../src/dhcp/respond.ts'
import { UNSPECIFIED } from '../../src/net/ipv4.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, ip, packet, vector } from './vectors.ts'

const SERVER = ip('10.77.0.1')
const LEASE: Grant = {
  address: ip('10.77.0.10'),
  mask: ip('255.255.255.0'),
  broadcast: ip('10.77.0.255'),
  routers: [ip('10.77.0.254')],
  dnsServers: [ip('10.77.0.2'), ip('10.77.0.3')],
  ntpServers: [ip('10.77.0.4')],
  domain: 'dc1',
  hostName: 'n1',
  leaseTime: 3600,
  reasons: []
}
const TFTP: BootAnswer = { kind: 'tftp', server: SERVER, file: 'ipxe.efi' }
const HTTP: BootAnswer = { kind: 'http', server: SERVER, url: 'http://10.77.0.1/l' }
const SCRIPT: BootAnswer = { kind: 'script', server: SERVER, url: 'http://10.77.0.1/s' }

/** Options as a person reads a packet: the code, then the bytes. */
function listing({ options }: Packet): string[] {
  return Array.from(options, ([code, value]) => `${code} ${Buffer.from(value).toString('hex')}`)
}

const text = (value: string) => Buffer.from(value).toString('hex')

const MASK = '1 ffffff00'
const ROUTERS = '3 0a4d00fe'
const DNS = '6 0a4d00020a4d0003'
const HOST_NAME = `12 ${text('n1')}`
const DOMAIN = `15 ${text('dc1')}`
const BROADCAST = '28 0a4d00ff'
const NTP = '42 0a4d0004'
const DISCOVERY_CONTROL = '43 060108ff'
const LEASE_TIME = '51 00000e10'
const OFFER = '53 02'
const SERVER_ID = '54 0a4d0001'
const T1 = '58 00000708'
const T2 = '59 00000c4e'
const PXE_CLIENT = `60 ${text('PXEClient')}`
const HTTP_CLIENT = `60 ${text('HTTPClient')}`
const TFTP_NAME = `66 ${text('10.77.0.1')}`
const MACHINE_ID = '97 0044454c4c420010358051b4c04f4e4331'
const NO_PROXY_DHCP = '175 b00101'

for (const [sender, boot, file, options] of [
  [
    'ovmf-edk2-pxe-arch7',
    TFTP,
    'ipxe.efi',
    [
      ...[
        OFFER,
        SERVER_ID,
        MASK,
        ROUTERS,
        DNS,
        HOST_NAME,
        DOMAIN,
        BROADCAST,
        NTP,
        DISCOVERY_CONTROL,
        LEASE_TIME,
        T1,
        T2
      ],
      ...[PXE_CLIENT, TFTP_NAME, `67 ${text('ipxe.efi')}`, MACHINE_ID]
    ]
  ],
  [
    'ovmf-edk2-httpboot-arch16',
    HTTP,
    'http://10.77.0.1/l',
    [
      ...[OFFER, SERVER_ID, MASK, ROUTERS, DNS, HOST_NAME, DOMAIN, BROADCAST, NTP, LEASE_TIME, T1, T2],
      ...[HTTP_CLIENT, `67 ${text('http://10.77.0.1/l')}`, MACHINE_ID]
    ]
  ],
  [
    'qemu-ipxe-rom-bios-virtio',
    SCRIPT,
    'http://10.77.0.1/s',
    [
      ...[OFFER, SERVER_ID, MASK, ROUTERS, DNS, HOST_NAME, DOMAIN, `67 ${text('http://10.77.0.1/s')}`, NO_PROXY_DHCP],
      ...[LEASE_TIME, T1, T2, '61 0152540000000a']
    ]
  ],
  [
    'relayed-ipxe-opt82',
    SCRIPT,
    'http://10.77.0.1/s',
    [
      ...[OFFER, SERVER_ID, MASK, ROUTERS, DNS, HOST_NAME, DOMAIN, `67 ${text('http://10.77.0.1/s')}`, NO_PROXY_DHCP],
      ...[LEASE_TIME, T1, T2, '61 0152540000002a', '82 0103627231']
    ]
  ],
  [
    'debian-installer-d-i',
    undefined,
    '',
    [
      ...[OFFER, SERVER_ID, MASK, ROUTERS, DNS, HOST_NAME, DOMAIN, BROADCAST, NTP, LEASE_TIME, T1, T2],
      '61 0152540000001d'
    ]
  ],
  [
    'debian-isc-dhclient',
    undefined,
    '',
    [
      ...[OFFER, SERVER_ID, MASK, BROADCAST, ROUTERS, DOMAIN, DNS, HOST_NAME, NTP, LEASE_TIME, T1, T2],
      '61 ff0000005f000100013295fde452540000001f'
    ]
  ]
] as const) {
  test(`the whole OFFER to ${sender}`, (t) => {
    const request = decode(vector(sender))
    const reply = grantReply(request, 'OFFER', boot ? { ...LEASE, boot } : LEASE, SERVER)
    t.deepEqual(listing(reply), [...options])
    t.deepEqual(
      { ...reply, options: null },
      {
        op: 2,
        htype: 1,
        hops: 0,
        xid: request.xid,
        secs: 0,
        flags: request.flags,
        ciaddr: UNSPECIFIED,
        yiaddr: LEASE.address,
        siaddr: boot ? SERVER : UNSPECIFIED,
        giaddr: request.giaddr,
        chaddr: request.chaddr,
        sname: '',
        file,
        options: null
      }
    )
    t.deepEqual(decode(encode(reply)), reply)
  })
}

test('an ACK says the same as the OFFER, and keeps the address that a renewing client uses', (t) => {
  const request = packet({ ciaddr: LEASE.address })
  const [offer, ack] = [grantReply(request, 'OFFER', LEASE, SERVER), grantReply(request, 'ACK', LEASE, SERVER)]
  t.deepEqual(listing(ack), ['53 05', ...listing(offer).slice(1)])
  t.is(ack.ciaddr, LEASE.address)
  t.is(offer.ciaddr, UNSPECIFIED)
})

test('a client that does not say what it wants is told everything', (t) => {
  t.deepEqual(listing(grantReply(packet(), 'OFFER', LEASE, SERVER)), [
    ...[OFFER, SERVER_ID, MASK, LEASE_TIME, T1, T2],
    ...[ROUTERS, DNS, HOST_NAME, DOMAIN, BROADCAST, NTP]
  ])
})

test('RFC 2132, 3.3: the mask comes before the routers, however the client lists them', (t) => {
  const request = packet({}, [entry(OPTION.parameters, [3, 3, 54, 53, 1, 82, 99])])
  t.deepEqual(listing(grantReply(request, 'OFFER', LEASE, SERVER)), [
    ...[OFFER, SERVER_ID, MASK, ROUTERS, LEASE_TIME, T1, T2]
  ])
})

test('what a subnet does not have is not told', (t) => {
  const { domain: _, hostName: __, ...rest } = LEASE
  const bare: Grant = { ...rest, routers: [], dnsServers: [], ntpServers: [] }
  t.deepEqual(listing(grantReply(packet(), 'OFFER', bare, SERVER)), [
    ...[OFFER, SERVER_ID, MASK, LEASE_TIME, T1, T2, BROADCAST]
  ])
})

test('times that do not divide are rounded down to whole seconds', (t) => {
  const options = listing(grantReply(packet(), 'OFFER', { ...LEASE, leaseTime: 61 }, SERVER))
  t.deepEqual(options.slice(3, 6), ['51 0000003d', '58 0000001e', '59 00000035'])
})

test('a name of 127 bytes is in the field and in option 67; a longer one in the option alone', (t) => {
  for (const length of [127, 128, 300]) {
    const url = 'http://10.77.0.1/'.padEnd(length, 'x')
    const reply = grantReply(packet(), 'OFFER', { ...LEASE, boot: { kind: 'script', server: SERVER, url } }, SERVER)
    t.is(reply.file, length === 127 ? url : '')
    t.is(Buffer.from(decode(encode(reply)).options.get(67) ?? []).toString(), url)
  }
})

test("PXE's class and discovery control go only to a client of that class", (t) => {
  const request = packet({}, [entry(OPTION.vendorClass, 'U-Boot.armv8'), entry(OPTION.parameters, [43, 60])])
  const reply = grantReply(request, 'OFFER', { ...LEASE, boot: TFTP }, SERVER)
  t.false(reply.options.has(60) || reply.options.has(43))
  t.is(reply.file, 'ipxe.efi')
})

test('RFC 3046: option 82 comes back byte for byte, as the last', (t) => {
  const odd = fromHex('01 03 627231 09 00 ff')
  const request = packet({ giaddr: ip('10.88.0.1') }, [
    [82, odd],
    [61, fromHex('00aa')]
  ])
  for (const reply of [grantReply(request, 'ACK', LEASE, SERVER), refusalReply(request, 'no', SERVER)]) {
    t.deepEqual([...reply.options].at(-1), [82, odd])
  }
})

for (const [where, fields, flags] of [
  ['on the link', { flags: 0 }, 0],
  ['on the link, with the flag', { flags: BROADCAST_FLAG }, BROADCAST_FLAG],
  ['through a relay agent: it must broadcast', { giaddr: ip('10.88.0.1') }, BROADCAST_FLAG]
] as const) {
  test(`the whole NAK ${where}`, (t) => {
    const request = packet({ ciaddr: ip('10.9.0.9'), secs: 7, hops: 1, ...fields }, [
      entry(OPTION.clientId, fromHex('0152540000000a')),
      entry(OPTION.parameters, [1, 3, 6])
    ])
    const reply = refusalReply(request, 'wrong subnet', SERVER)
    t.deepEqual(listing(reply), ['53 06', SERVER_ID, `56 ${text('wrong subnet')}`, '61 0152540000000a'])
    t.deepEqual({ ...reply, options: null }, { ...packet({ op: 2, flags, giaddr: request.giaddr }), options: null })
  })
}
