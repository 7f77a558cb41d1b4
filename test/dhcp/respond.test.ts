import test from 'ava'
import type { BootAnswer, Grant } from '../../src/dhcp/allocator.ts'
import { decode, encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { grantReply, refusalReply } from '../../src/dhcp/respond.ts'
import { UNSPECIFIED } from '../../src/net/ipv4.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, ip, packet, plain, vector } from './vectors.ts'

const SERVER = ip('10.77.0.1')
const LEASE: Grant = {
  address: ip('10.77.0.10'),
  leaseTime: 3600,
  options: new Map([
    entry(OPTION.subnetMask, ip('255.255.255.0')),
    entry(OPTION.routers, [ip('10.77.0.254')]),
    entry(OPTION.dnsServers, [ip('10.77.0.2'), ip('10.77.0.3')]),
    entry(OPTION.domain, 'dc1'),
    entry(OPTION.broadcast, ip('10.77.0.255')),
    entry(OPTION.ntpServers, [ip('10.77.0.4')])
  ]),
  hostName: 'n1',
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
      ...[OFFER, SERVER_ID, MASK, ROUTERS, DNS, HOST_NAME, DOMAIN, BROADCAST, NTP],
      ...[DISCOVERY_CONTROL, LEASE_TIME, T1, T2],
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
      ...[LEASE_TIME, T1, T2, '61 0152540000000a', MACHINE_ID]
    ]
  ],
  [
    'relayed-ipxe-opt82',
    SCRIPT,
    'http://10.77.0.1/s',
    [
      ...[OFFER, SERVER_ID, MASK, ROUTERS, DNS, HOST_NAME, DOMAIN, `67 ${text('http://10.77.0.1/s')}`, NO_PROXY_DHCP],
      ...[LEASE_TIME, T1, T2, '61 0152540000002a', MACHINE_ID, '82 0103627231']
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
    t.deepEqual(plain(decode(encode(reply))), plain(reply))
  })
}

/** A client that says nothing but that it wants an address. */
const discover = (options: readonly (readonly [number, Uint8Array])[] = [], fields: Partial<Packet> = {}) =>
  packet(fields, [entry(OPTION.messageType, MESSAGE.DISCOVER), ...options])
const offer = (request: Packet, grant: Grant = LEASE) => grantReply(request, 'OFFER', grant, SERVER)
const configured = (...options: [number, Uint8Array | null][]): Grant => ({
  ...LEASE,
  options: new Map([...LEASE.options, ...options])
})

test('an ACK says the same as the OFFER, and keeps the address that a renewing client uses', (t) => {
  const request = discover([], { ciaddr: LEASE.address })
  const ack = grantReply(request, 'ACK', LEASE, SERVER)
  t.deepEqual(listing(ack), ['53 05', ...listing(offer(request)).slice(1)])
  t.is(ack.ciaddr, LEASE.address)
  t.is(offer(request).ciaddr, UNSPECIFIED)
})

test('a client that does not say what it wants is told everything', (t) => {
  t.deepEqual(listing(offer(discover())), [
    ...[OFFER, SERVER_ID, MASK, LEASE_TIME, T1, T2],
    ...[HOST_NAME, ROUTERS, DNS, DOMAIN, BROADCAST, NTP]
  ])
})

test('RFC 2131, 4.3.1: what a client lists is told in its order', (t) => {
  t.deepEqual(listing(offer(discover([entry(OPTION.parameters, [42, 6, 15, 3])]))), [
    ...[OFFER, SERVER_ID, MASK, NTP, DNS, DOMAIN, ROUTERS, LEASE_TIME, T1, T2]
  ])
})

test('RFC 2132, 3.3: the mask comes before the routers, however the client lists them', (t) => {
  t.deepEqual(listing(offer(discover([entry(OPTION.parameters, [3, 3, 54, 53, 1, 82, 99])]))), [
    ...[OFFER, SERVER_ID, MASK, ROUTERS, LEASE_TIME, T1, T2]
  ])
})

test('what a subnet does not have is not told', (t) => {
  const bare: Grant = {
    ...LEASE,
    hostName: undefined,
    options: new Map([entry(OPTION.subnetMask, ip('255.255.255.0'))])
  }
  t.deepEqual(listing(offer(discover(), bare)), [OFFER, SERVER_ID, MASK, LEASE_TIME, T1, T2])
})

test('times that do not divide are rounded down to whole seconds', (t) => {
  const options = listing(offer(discover(), { ...LEASE, leaseTime: 61 }))
  t.deepEqual(options.slice(3, 6), ['51 0000003d', '58 0000001e', '59 00000035'])
})

for (const [rule, grant, code, told] of [
  ['goes before what follows from the firmware', configured(entry(OPTION.bootFile, 'own.efi')), 67, text('own.efi')],
  ['and null is not to be told', configured([67, null]), 67, undefined],
  ['goes before the name of the machine', configured(entry(OPTION.hostName, 'other')), 12, text('other')],
  ["of the site's own codes is told unasked (RFC 3942)", configured([224, fromHex('aa')]), 224, 'aa'],
  ['of PXELINUX is told unasked', configured(entry(OPTION.pathPrefix, '/p/')), 210, text('/p/')],
  ['is told only if asked for, else', configured(entry(OPTION.timeServers, [SERVER])), 4, undefined]
] as const) {
  test(`what an administrator configured ${rule}`, (t) => {
    const request = discover([entry(OPTION.parameters, [3, 12])])
    const { options } = offer(request, { ...grant, boot: SCRIPT })
    const value = options.get(code)
    t.is(value && Buffer.from(value).toString('hex'), told)
  })
}

test('the field names the boot file that option 67 names, configured or not', (t) => {
  t.is(offer(discover(), { ...configured(entry(OPTION.bootFile, 'own.efi')), boot: TFTP }).file, 'own.efi')
  t.is(offer(discover(), { ...configured([67, null]), boot: TFTP }).file, '')
})

test('a name of 127 bytes is in the field and in option 67; a longer one in the option alone', (t) => {
  for (const length of [127, 128, 300]) {
    const url = 'http://10.77.0.1/'.padEnd(length, 'x')
    const request = discover([entry(OPTION.maxMessageSize, 1500)])
    const reply = offer(request, { ...LEASE, boot: { kind: 'script', server: SERVER, url } })
    t.is(reply.file, length === 127 ? url : '')
    t.is(Buffer.from(decode(encode(reply)).options.get(67) ?? []).toString(), url)
  }
})

test("PXE's class and discovery control go only to a client of that class", (t) => {
  const request = discover([entry(OPTION.vendorClass, 'U-Boot.armv8'), entry(OPTION.parameters, [43, 60])])
  const reply = offer(request, { ...LEASE, boot: TFTP })
  t.false(reply.options.has(60) || reply.options.has(43))
  t.is(reply.file, 'ipxe.efi')
})

for (const [rule, option, isEchoed] of [
  ['RFC 6842: the client identifier', [61, fromHex('ff0000005f000100013295fde4')], true],
  ['RFC 3011: the subnet that it selects', entry(OPTION.subnetSelection, ip('10.89.0.0')), true],
  ['RFC 3046: option 82', [82, fromHex('01 03 627231 09 00 ff')], true],
  ['PXE 2.1, table 2-2: the machine identifier, of a client with firmware', [97, fromHex('00'.repeat(17))], true],
  ['its class', entry(OPTION.vendorClass, 'MSFT 5.0'), false]
] as const) {
  test(`${rule} is ${isEchoed ? '' : 'not '}told back, byte for byte, unasked`, (t) => {
    const [code, value] = option
    const asks = [entry(OPTION.parameters, [1]), entry(OPTION.architectures, [7])]
    const reply = offer(discover([option as readonly [number, Uint8Array], ...asks]))
    t.deepEqual(reply.options.get(code), isEchoed ? value : undefined)
  })
}

test('RFC 3046: option 82 is the last, in a NAK too', (t) => {
  const request = discover([
    [82, fromHex('0103627231')],
    [61, fromHex('00aa')]
  ])
  for (const reply of [offer(request), refusalReply(request, 'no', SERVER)]) {
    t.is([...reply.options.keys()].at(-1), 82)
  }
})
