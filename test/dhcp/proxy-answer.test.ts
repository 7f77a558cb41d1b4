import test from 'ava'
import type { BootAnswer, Information, Refusal } from '../../src/dhcp/allocator.ts'
import { decode, type Packet } from '../../src/dhcp/codec.ts'
import { interpret, type Request } from '../../src/dhcp/interpret.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { type Adviser, bootServerAnswer, proxyAnswer } from '../../src/dhcp/proxy-answer.ts'
import { UNSPECIFIED } from '../../src/net/ipv4.ts'
import { parseMac } from '../../src/net/mac.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, ip, packet, vector } from './vectors.ts'

const OURS = ip('10.77.0.1')
const THEIRS = ip('10.77.0.2')
const GIVEN = ip('10.77.0.150')
const MAC = parseMac('52:54:00:00:00:0a')

const BOOT: Record<string, BootAnswer> = {
  bios: { kind: 'tftp', server: OURS, file: 'undionly.kpxe' },
  'uefi-x64': { kind: 'tftp', server: OURS, file: 'ipxe.efi' },
  'uefi-arm64': { kind: 'tftp', server: OURS, file: 'ipxe-arm64.efi' },
  'uefi-http': { kind: 'http', server: OURS, url: 'http://10.77.0.1/ipxe.efi' },
  ipxe: { kind: 'script', server: OURS, url: 'http://10.77.0.1/script' }
}

/** Advises everybody as their firmware would have it. */
const adviserOf = (more: Partial<Adviser> = {}): Adviser => ({
  isRegistered: () => false,
  advise: ({ firmware }) => ({ boot: BOOT[firmware.name], options: new Map(), reasons: ['it is a test'] }),
  commit: async () => new Map(),
  ...more
})

const read = (packet: Packet): Request =>
  interpret(packet, { server: OURS, servers: [OURS, THEIRS], cast: 'broadcast' })
const proxy = (packet: Packet, adviser = adviserOf()) => proxyAnswer(read(packet), packet, adviser)
const pxe = (architecture: number, vendorClass = 'PXEClient') => [
  entry(OPTION.architectures, [architecture]),
  entry(OPTION.vendorClass, vendorClass)
]
const discover = (...options: [number, Uint8Array][]) =>
  packet({}, [entry(OPTION.messageType, MESSAGE.DISCOVER), ...options])

for (const [firmware, asked, answered, file] of [
  ['a BIOS', discover(...pxe(0)), 'undionly.kpxe from 10.77.0.1', 'undionly.kpxe'],
  ['x64 UEFI', decode(vector('ovmf-edk2-pxe-arch7')), 'boot server 10.77.0.1', ''],
  ['arm64 UEFI', discover(...pxe(11)), 'boot server 10.77.0.1', ''],
  ['HTTP Boot', decode(vector('ovmf-edk2-httpboot-arch16')), 'http://10.77.0.1/ipxe.efi', 'http://10.77.0.1/ipxe.efi'],
  ['iPXE', decode(vector('qemu-ipxe-rom-bios-virtio')), 'http://10.77.0.1/script', 'http://10.77.0.1/script'],
  ['iPXE under UEFI', decode(vector('ipxe.efi-after-ovmf-pxe')), 'http://10.77.0.1/script', 'http://10.77.0.1/script']
] as const) {
  test(`a DISCOVER of ${firmware} is answered with what it boots and no address`, (t) => {
    const answer = proxy(asked)
    t.like(answer, {
      outcome: 'proxy-offer',
      level: 'info',
      answered: `OFFER without an address, ${answered}`,
      reasons: ['it is a test'],
      reply: { message: 'OFFER', packet: { yiaddr: UNSPECIFIED, siaddr: OURS, file } }
    })
    t.is(answer.change, undefined)
    t.is(answer.reply?.packet.options.get(51), undefined, 'no lease')
  })
}

for (const [what, asked, adviser, expected] of [
  ["of an operating system's", decode(vector('debian-isc-dhclient')), {}, { outcome: 'unhandled', level: 'debug' }],
  ["of debian-installer's", decode(vector('debian-installer-d-i')), {}, { outcome: 'unhandled', level: 'debug' }],
  [
    'of a machine that is to be ignored',
    discover(...pxe(0)),
    { advise: (): Refusal => ({ refused: 'silence', reason: 'it is unknown' }) },
    { outcome: 'silence', level: 'info', answered: 'nothing: it is unknown' }
  ],
  [
    'of firmware that there is no loader for',
    discover(...pxe(10)),
    { advise: (): Information => ({ options: new Map(), reasons: ['local', 'no boot file'] }) },
    { outcome: 'silence', level: 'info', answered: 'nothing: local; no boot file' }
  ]
] as const) {
  test(`a DISCOVER ${what} gets no answer`, (t) => {
    const answer = proxy(asked, adviserOf(adviser))
    t.like(answer, expected)
    t.is(answer.reply, undefined)
  })
}

const request = (options: [number, Uint8Array][], fields: Partial<Packet> = {}) =>
  packet(fields, [entry(OPTION.messageType, MESSAGE.REQUEST), ...options])
const theirs = entry(OPTION.serverId, THEIRS)
const wanted = entry(OPTION.requestedAddress, GIVEN)

for (const [state, asked, certain, answered] of [
  ['takes an offer', request([theirs, wanted, ...pxe(0)]), true, '10.77.0.2 gives the addresses'],
  ['would have an address back', request([wanted, ...pxe(0)]), false, 'another server gives the addresses'],
  ['goes on with one', request(pxe(0), { ciaddr: GIVEN }), false, 'another server gives the addresses']
] as const) {
  test(`a REQUEST that ${state} is not answered: it tells where the client is`, (t) => {
    const answer = proxy(asked)
    t.like(answer, { outcome: 'sighting', level: 'info', answered: `nothing: ${answered}` })
    t.like(answer.change, { client: { mac: MAC }, address: GIVEN, certain })
    t.is(answer.reply, undefined)
  })
}

test("an operating system's REQUEST is told in the log only of a registered machine", (t) => {
  const asked = request([theirs, wanted])
  t.like(proxy(asked), { level: 'debug', change: { address: GIVEN } })
  t.is(proxy(asked, adviserOf({ isRegistered: (mac) => mac === MAC })).level, 'info')
})

for (const type of ['DECLINE', 'RELEASE', 'INFORM', 'ACK'] as const) {
  test(`a ${type} is another server's`, (t) => {
    const asked = packet({ ciaddr: GIVEN }, [entry(OPTION.messageType, MESSAGE[type]), wanted, ...pxe(0)])
    const answer = proxy(asked)
    t.like(answer, { outcome: 'unhandled', level: 'debug' })
    t.is(answer.reply ?? answer.change, undefined)
  })
}

/** EDK2 asks from port 4011, other firmware from 68. */
const FROM = { address: GIVEN, port: 4011 }
const bootServer = (packet: Packet, adviser = adviserOf()) => bootServerAnswer(read(packet), packet, FROM, adviser)
const edk2 = request(pxe(7, 'PXEClient:Arch:00007:UNDI:003000'), { ciaddr: GIVEN })

for (const [what, asked, file] of [
  ['a BIOS', request(pxe(0), { ciaddr: GIVEN }), 'undionly.kpxe'],
  ['UEFI', edk2, 'ipxe.efi'],
  [
    'iPXE, which names the server',
    request([entry(OPTION.serverId, OURS), [77, Buffer.from('iPXE')], ...pxe(0)], { ciaddr: GIVEN }),
    'http://10.77.0.1/script'
  ]
] as const) {
  test(`the boot server answers a REQUEST of ${what} where it came from, and knows then where the client is`, (t) => {
    t.like(bootServer(asked), {
      outcome: 'boot-server',
      level: 'info',
      reply: { message: 'ACK', to: FROM, packet: { yiaddr: UNSPECIFIED, siaddr: OURS, file } },
      change: { client: { mac: MAC }, address: GIVEN, certain: true }
    })
  })
}

for (const [what, asked, adviser, expected] of [
  ['a DISCOVER', discover(...pxe(7)), {}, { outcome: 'unhandled', level: 'debug' }],
  ['a REQUEST without option 60', request([], { ciaddr: GIVEN }), {}, { outcome: 'unhandled', level: 'debug' }],
  ['HTTP Boot', request(pxe(16, 'HTTPClient'), { ciaddr: GIVEN }), {}, { outcome: 'unhandled', level: 'debug' }],
  [
    'who asks for credentials',
    request([...pxe(0), [43, fromHex('4704 0000 8000 ff')]], { ciaddr: GIVEN }),
    {},
    { outcome: 'silence', level: 'info' }
  ],
  [
    'who is refused',
    edk2,
    { advise: (): Refusal => ({ refused: 'silence', reason: 'it is unknown', actOn: true }) },
    { outcome: 'silence', level: 'warn', answered: 'nothing: it is unknown' }
  ]
] as const) {
  test(`the boot server keeps silent to ${what}`, (t) => {
    const answer = bootServer(asked, adviserOf(adviser))
    t.like(answer, expected)
    t.is(answer.reply ?? answer.change, undefined)
  })
}

test('the boot server keeps silent where nothing can be sent to', (t) => {
  for (const from of [
    { ...FROM, port: 0 },
    { ...FROM, address: UNSPECIFIED }
  ]) {
    t.like(bootServerAnswer(read(edk2), edk2, from, adviserOf()), { outcome: 'unhandled', reply: undefined })
  }
})
