import test from 'ava'
import { decode, type Packet } from '../../src/dhcp/codec.ts'
import { type Arrival, interpret } from '../../src/dhcp/interpret.ts'
import { type MalformedCode, MalformedPacket } from '../../src/dhcp/malformed.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { firmwareByName } from '../../src/net/firmware.ts'
import { parseMac } from '../../src/net/mac.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, ip, packet, vector } from './vectors.ts'

const OURS = ip('10.77.0.1')
const BROADCAST: Arrival = { server: OURS, servers: [OURS], cast: 'broadcast' }
const UNICAST: Arrival = { ...BROADCAST, cast: 'unicast' }
const MAC = parseMac('52:54:00:00:00:0a')
/** What is known of a client that says nothing of itself. */
const CLIENT = {
  mac: MAC,
  clientId: undefined,
  link: OURS,
  relay: undefined,
  server: OURS,
  firmware: firmwareByName('os'),
  architectures: [],
  vendorClass: undefined,
  userClasses: [],
  uuid: undefined,
  busId: undefined,
  hostName: undefined
}

const message = (type: keyof typeof MESSAGE) => entry(OPTION.messageType, MESSAGE[type])
const DISCOVER = message('DISCOVER')
const REQUEST = message('REQUEST')
const serverId = (address: string) => entry(OPTION.serverId, ip(address))
const requested = (address: string) => entry(OPTION.requestedAddress, ip(address))
const BOUND = { ciaddr: ip('10.77.0.9') }

/** What is read from a packet that a client of ours sent. */
function asked(packet: Packet, arrival = BROADCAST) {
  const request = interpret(packet, arrival)
  if (!('client' in request)) throw new Error(`${request.message} tells no client`)
  return request
}

test('a real DISCOVER tells all of its client', (t) => {
  t.deepEqual(interpret(decode(vector('qemu-ipxe-rom-bios-virtio')), BROADCAST), {
    message: 'DISCOVER',
    serverId: OURS,
    ignored: [],
    requested: undefined,
    client: {
      ...CLIENT,
      clientId: '0152540000000a',
      firmware: firmwareByName('ipxe'),
      architectures: [0],
      vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
      userClasses: ['iPXE'],
      busId: '01:1a:f4:10:00',
      uuid: '4c4c4544-0042-3510-8051-b4c04f4e4331'
    }
  })
})

for (const [sender, mac, address] of [
  ['ovmf-edk2-pxe-arch7', '52:54:00:00:00:0c', '10.77.0.167'],
  ['ovmf-edk2-httpboot-arch16', '52:54:00:00:00:0d', '10.77.0.168'],
  ['debian-installer-d-i', '52:54:00:00:00:1d', '10.77.0.184'],
  ['busybox-udhcpc', '52:54:00:00:00:0a', '10.77.0.165']
] as const) {
  test(`the REQUEST of ${sender} takes our offer of ${address}`, (t) => {
    const request = asked(decode(vector(sender, 'request')))
    t.like(request, { message: 'REQUEST', state: 'selecting', address: ip(address), serverId: OURS, ignored: [] })
    t.is(request.client.mac, parseMac(mac))
  })
}

test('a real INIT-REBOOT: dhclient knows its address and names no server', (t) => {
  t.like(asked(decode(vector('debian-isc-dhclient', 'request'))), {
    state: 'init-reboot',
    address: ip('10.77.0.187'),
    client: { hostName: 'node-f', clientId: 'ff0000005f000100013295fde452540000001f' }
  })
})

for (const [rule, fields, options, arrival, expected] of [
  ['SELECTING names the server', {}, [serverId('10.77.0.1'), requested('10.77.0.9')], BROADCAST, 'selecting'],
  ['INIT-REBOOT has only option 50', {}, [requested('10.77.0.9')], BROADCAST, 'init-reboot'],
  ['RENEWING has ciaddr and is unicast', BOUND, [], UNICAST, 'renewing'],
  ['REBINDING has ciaddr and is broadcast', BOUND, [], BROADCAST, 'rebinding'],
  [
    'through a relay agent it was a broadcast: REBINDING',
    { ...BOUND, giaddr: ip('10.77.0.2') },
    [],
    UNICAST,
    'rebinding'
  ]
] as const) {
  test(`RFC 2131, 4.3.2: ${rule}`, (t) => {
    const request = asked(packet(fields, [REQUEST, ...options]), arrival)
    t.like(request, { message: 'REQUEST', state: expected, address: ip('10.77.0.9'), serverId: OURS })
  })
}

for (const [rule, options, address] of [
  ['a client that uses an address asks for that one, whatever option 50 says', [], '10.77.0.9'],
  ['a client that names the server asks for what option 50 says', [serverId('10.77.0.1')], '10.77.0.8']
] as const) {
  test(rule, (t) => {
    t.like(asked(packet(BOUND, [REQUEST, ...options, requested('10.77.0.8')]), UNICAST), { address: ip(address) })
  })
}

test('a DISCOVER may ask for an address', (t) => {
  t.like(asked(packet({}, [DISCOVER, requested('10.77.0.9')])), { message: 'DISCOVER', requested: ip('10.77.0.9') })
  t.like(asked(packet({}, [DISCOVER])), { message: 'DISCOVER', requested: undefined })
})

for (const [rule, type, fields, options] of [
  ['RFC 2131, table 5: an INFORM is about ciaddr', 'INFORM', BOUND, []],
  ['RFC 2131, table 5: a RELEASE is about ciaddr', 'RELEASE', BOUND, [serverId('10.77.0.1')]],
  ['RFC 2131, table 5: a DECLINE is about option 50', 'DECLINE', {}, [requested('10.77.0.9'), serverId('10.77.0.1')]],
  ['a RELEASE without a server is taken, too', 'RELEASE', BOUND, []]
] as const) {
  test(rule, (t) => {
    t.like(asked(packet(fields, [message(type), ...options])), { message: type, address: ip('10.77.0.9') })
  })
}

test('a packet without option 53 is BOOTP, with vendor extensions or an empty vendor field', (t) => {
  t.deepEqual(asked(packet({}, [])), { message: 'BOOTP', serverId: OURS, client: CLIENT, ignored: [] })
  const bytes = new Uint8Array(300)
  bytes.set(fromHex('01 01 06 00'))
  bytes.set(fromHex('52540000000a'), 28)
  t.like(asked(decode(bytes)), { message: 'BOOTP', client: CLIENT })
})

for (const [what, fields, options] of [
  ["another server's OFFER", { op: 2 }, [message('OFFER')]],
  ['an ACK in a request', {}, [message('ACK')]],
  ['an unknown message', {}, [entry(OPTION.messageType, 77)]],
  ['InfiniBand', { htype: 32 }, [DISCOVER]],
  ['a hardware address of 16 bytes', { chaddr: new Uint8Array(16).fill(2) }, [DISCOVER]],
  ['RFC 1542, 4.1.1: a message relayed 17 times', { hops: 17 }, [DISCOVER]]
] as const) {
  test(`${what} gets no answer here`, (t) => {
    t.is(interpret(packet(fields, options), BROADCAST).message, 'unhandled')
  })
}

test('RFC 1542, 4.1.1: a message may be relayed 16 times', (t) => {
  t.is(interpret(packet({ hops: 16 }, [DISCOVER]), BROADCAST).message, 'DISCOVER')
})

for (const [what, fields, options, code] of [
  ['a message type of two bytes', {}, [[53, fromHex('0101')]], 'option-value'],
  ['a server identifier of three bytes', {}, [REQUEST, [54, fromHex('0a4d00')]], 'option-value'],
  ['a requested address of five bytes', {}, [DISCOVER, [50, fromHex('0a4d000100')]], 'option-value'],
  ['a client identifier of 256 bytes', {}, [DISCOVER, [61, new Uint8Array(256)]], 'option-value'],
  ['a group hardware address', { chaddr: fromHex('01005e000001') }, [DISCOVER], 'hardware-address'],
  ['no hardware address', { chaddr: new Uint8Array(6) }, [DISCOVER], 'hardware-address'],
  ['a REQUEST for no address', {}, [REQUEST], 'no-address'],
  ['an INFORM without ciaddr', {}, [message('INFORM'), requested('10.77.0.9')], 'no-address'],
  ['a RELEASE without ciaddr', {}, [message('RELEASE'), requested('10.77.0.9')], 'no-address'],
  ['a DECLINE without option 50', BOUND, [message('DECLINE')], 'no-address']
] as const satisfies readonly (readonly [string, Partial<Packet>, readonly [number, Uint8Array][], MalformedCode])[]) {
  test(`${what} is malformed: ${code}`, (t) => {
    t.throws(() => interpret(packet(fields, options), BROADCAST), { instanceOf: MalformedPacket, code })
  })
}

test('what a packet lacks is told in words', (t) => {
  t.throws(() => interpret(packet({}, [message('INFORM')]), BROADCAST), { message: 'an INFORM without ciaddr' })
  t.throws(() => interpret(packet({}, [message('DECLINE')]), BROADCAST), { message: 'a DECLINE without option 50' })
})

for (const [what, option, ignored] of [
  ['a machine identifier of another type', [97, fromHex(`01${'44'.repeat(16)}`)], /^option 97 .*type 1/],
  ['a host name that would spoil a log', [12, fromHex('6e31 0a 6572726f72')], /^option 12 /],
  ['an empty host name', [12, fromHex('')], /^option 12 /]
] as const) {
  test(`${what} is left out of account, and that is told`, (t) => {
    const request = asked(packet({}, [DISCOVER, option]))
    t.deepEqual(request.client, CLIENT)
    t.is(request.ignored.length, 1)
    t.regex(request.ignored[0] ?? '', ignored)
  })
}

test("a card is told in five bytes: what is kept with a machine can't be of any length", (t) => {
  for (const [busId, told] of [
    ['01 1af4 1000', '01:1a:f4:10:00'],
    ['01 1af4 1000 00', undefined],
    ['', undefined]
  ] as const) {
    const ipxe = [175, Uint8Array.of(177, fromHex(busId).length, ...fromHex(busId))] as const
    t.is(asked(packet({}, [DISCOVER, ipxe])).client.busId, told)
  }
})

for (const byte of ['00', 'ff']) {
  test(`a UUID of nothing but ${byte} is one that the board was never given`, (t) => {
    const request = asked(packet({}, [DISCOVER, [97, fromHex(`00${byte.repeat(16)}`)]]))
    t.deepEqual(request.client, CLIENT)
    t.deepEqual(request.ignored, [])
  })
}
