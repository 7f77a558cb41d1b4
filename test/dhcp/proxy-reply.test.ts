import test from 'ava'
import type { BootAnswer, Information } from '../../src/dhcp/allocator.ts'
import { decode, encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry } from '../../src/dhcp/options.ts'
import { bootItemOf, bootServerAck, proxyOffer, type Way } from '../../src/dhcp/proxy-reply.ts'
import { UNSPECIFIED } from '../../src/net/ipv4.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, ip, packet, plain, vector } from './vectors.ts'

const SERVER = ip('10.77.0.1')
const TFTP: BootAnswer = { kind: 'tftp', server: SERVER, file: 'ipxe.efi' }
const HTTP: BootAnswer = { kind: 'http', server: SERVER, url: 'http://10.77.0.1/l' }
const SCRIPT: BootAnswer = { kind: 'script', server: SERVER, url: 'http://10.77.0.1/s' }

/** What goes with an address, which isn't for a ProxyDHCP server to say. */
const OF_THE_SUBNET = [
  entry(OPTION.subnetMask, ip('255.255.255.0')),
  entry(OPTION.routers, [ip('10.77.0.254')]),
  entry(OPTION.dnsServers, [ip('10.77.0.2')]),
  entry(OPTION.domain, 'dc1')
]
const advice = (boot: BootAnswer, ...set: [number, Uint8Array | null][]): Information => ({
  boot,
  hostName: 'n1',
  options: new Map([...OF_THE_SUBNET, ...set]),
  reasons: []
})

/** Options as a person reads a packet: the code, then the bytes. */
function listing({ options }: Packet): string[] {
  return Array.from(options, ([code, value]) => `${code} ${Buffer.from(value).toString('hex')}`)
}

const text = (value: string) => Buffer.from(value).toString('hex')

const OFFER = '53 02'
const ACK = '53 05'
const SERVER_ID = '54 0a4d0001'
const PXE_CLIENT = `60 ${text('PXEClient')}`
const HTTP_CLIENT = `60 ${text('HTTPClient')}`
const TFTP_NAME = `66 ${text('10.77.0.1')}`
const LOADER = `67 ${text('ipxe.efi')}`
const DISCOVERY_CONTROL = '43 060108ff'
const MACHINE_ID = '97 0044454c4c420010358051b4c04f4e4331'

for (const [what, sender, boot, way, file, options] of [
  [
    'plain PXE in a BIOS: the file is in it',
    'bios',
    TFTP,
    'offer',
    'ipxe.efi',
    [OFFER, SERVER_ID, PXE_CLIENT, DISCOVERY_CONTROL, TFTP_NAME, LOADER]
  ],
  [
    'PXE of UEFI: it is to ask the boot server, as siaddr and option 60 without 43 say',
    'ovmf-edk2-pxe-arch7',
    TFTP,
    'boot-server',
    '',
    [OFFER, SERVER_ID, PXE_CLIENT, TFTP_NAME, MACHINE_ID]
  ],
  [
    'HTTP Boot of UEFI',
    'ovmf-edk2-httpboot-arch16',
    HTTP,
    'offer',
    'http://10.77.0.1/l',
    [OFFER, SERVER_ID, HTTP_CLIENT, `67 ${text('http://10.77.0.1/l')}`, MACHINE_ID]
  ],
  [
    'iPXE, which takes it for one of ProxyDHCP by option 60',
    'qemu-ipxe-rom-bios-virtio',
    SCRIPT,
    'offer',
    'http://10.77.0.1/s',
    [OFFER, SERVER_ID, PXE_CLIENT, `67 ${text('http://10.77.0.1/s')}`, '61 0152540000000a', MACHINE_ID]
  ]
] as const) {
  test(`the whole OFFER to ${what}`, (t) => {
    const request = sender === 'bios' ? packet({}, [entry(OPTION.vendorClass, 'PXEClient')]) : decode(vector(sender))
    const offer = proxyOffer(request, advice(boot), SERVER, way)
    t.deepEqual(listing(offer).sort(), [...options].sort())
    t.deepEqual(listing(offer).slice(0, 2), [OFFER, SERVER_ID])
    t.deepEqual(
      { ...offer, options: null },
      {
        op: 2,
        htype: 1,
        hops: 0,
        xid: request.xid,
        secs: 0,
        flags: 0x8000,
        ciaddr: UNSPECIFIED,
        yiaddr: UNSPECIFIED,
        siaddr: SERVER,
        giaddr: request.giaddr,
        chaddr: request.chaddr,
        sname: '',
        file,
        options: null
      }
    )
    t.deepEqual(plain(decode(encode(offer))), plain(offer))
  })
}

test('an OFFER says no address, whatever the client says of itself', (t) => {
  const offer = proxyOffer(packet({ ciaddr: ip('10.77.0.9') }), advice(TFTP), SERVER, 'offer')
  t.like(offer, { ciaddr: UNSPECIFIED, yiaddr: UNSPECIFIED })
})

test('an OFFER goes back through the relay agent with its option 82, the last', (t) => {
  const request = decode(vector('relayed-ipxe-opt82'))
  const offer = proxyOffer(request, advice(SCRIPT), SERVER, 'offer')
  t.is(offer.giaddr, request.giaddr)
  t.is(listing(offer).at(-1), '82 0103627231')
})

const SET = [
  entry(OPTION.bootFile, 'other.efi'),
  entry(OPTION.tftpServer, ip('10.77.0.9')),
  entry(OPTION.pathPrefix, '/boot/')
]
for (const [way, file, told] of [
  ['offer', 'other.efi', [`66 ${text('10.77.0.9')}`, `67 ${text('other.efi')}`, `210 ${text('/boot/')}`]],
  ['boot-server', '', [`66 ${text('10.77.0.9')}`, `210 ${text('/boot/')}`]]
] as [Way, string, string[]][]) {
  test(`what an administrator set about booting is in an OFFER that leads by ${way}`, (t) => {
    const offer = proxyOffer(packet(), advice(TFTP, ...SET), SERVER, way)
    t.like(offer, { siaddr: ip('10.77.0.9'), file })
    t.deepEqual(
      listing(offer).filter((each) => !/^(43|5[34]|60) /.test(each)),
      told
    )
  })
}

test('a boot server names the file to a client at its address', (t) => {
  const request = { ...decode(vector('ovmf-edk2-pxe-arch7')), ciaddr: ip('10.77.0.167'), flags: 0 }
  const ack = bootServerAck(request, advice(TFTP), SERVER)
  t.like(ack, { yiaddr: UNSPECIFIED, ciaddr: ip('10.77.0.167'), siaddr: SERVER, file: 'ipxe.efi', flags: 0 })
  t.deepEqual(listing(ack).sort(), [ACK, SERVER_ID, PXE_CLIENT, TFTP_NAME, LOADER, MACHINE_ID].sort())
})

test('a boot server tells the item back that the client chose from a menu', (t) => {
  const request = packet({}, [entry(OPTION.vendorClass, 'PXEClient'), [43, fromHex('4704 8001 0000 ff')]])
  t.deepEqual(bootItemOf(request), { type: 0x8001, layer: 0 })
  t.true(listing(bootServerAck(request, advice(TFTP), SERVER)).includes('43 470480010000ff'))
  t.is(bootItemOf(packet()), undefined)
  t.is(bootItemOf(packet({}, [[43, fromHex('4709')]])), undefined, 'malformed')
})
