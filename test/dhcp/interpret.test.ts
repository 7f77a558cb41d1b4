import test from 'ava'
import { decode, type Packet } from '../../src/dhcp/codec.ts'
import { type Arrival, interpret } from '../../src/dhcp/interpret.ts'
import { type MalformedCode, MalformedPacket } from '../../src/dhcp/malformed.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { firmwareByName } from '../../src/net/firmware.ts'
import { parseMac } from '../../src/net/mac.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import { fromHex, ip, packet, vector } from './vectors.ts'

const OURS = ip('10.77.0.1')
const OUR_OTHER = ip('10.78.0.1')
const THEIRS = ip('10.77.0.2')
const BROADCAST: Arrival = { server: OURS, servers: [OURS, OUR_OTHER], cast: 'broadcast' }
const UNICAST: Arrival = { ...BROADCAST, cast: 'unicast' }
const MAC = parseMac('52:54:00:00:00:0a')
const CLIENT = { mac: MAC, link: OURS, server: OURS, firmware: firmwareByName('os') }

const DISCOVER = entry(OPTION.messageType, MESSAGE.DISCOVER)
const REQUEST = entry(OPTION.messageType, MESSAGE.REQUEST)
const serverId = (address: string) => entry(OPTION.serverId, ip(address))
const requested = (address: string) => entry(OPTION.requestedAddress, ip(address))
const relayAgent = (...entries: [number, Uint8Array][]) => entry(OPTION.relayAgent, new Map(entries))

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
    client: {
      mac: MAC,
      clientId: '0152540000000a',
      link: OURS,
      server: OURS,
      firmware: firmwareByName('ipxe'),
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
  ['RENEWING has ciaddr and is unicast', { ciaddr: ip('10.77.0.9') }, [], UNICAST, 'renewing'],
  ['REBINDING has ciaddr and is broadcast', { ciaddr: ip('10.77.0.9') }, [], BROADCAST, 'rebinding']
] as const) {
  test(`RFC 2131, 4.3.2: ${rule}`, (t) => {
    const request = asked(packet(fields, [REQUEST, ...options]), arrival)
    t.like(request, { message: 'REQUEST', state: expected, address: ip('10.77.0.9'), serverId: OURS })
  })
}

test('a client that uses an address asks for that one, whatever option 50 says', (t) => {
  const request = asked(packet({ ciaddr: ip('10.77.0.9') }, [REQUEST, requested('10.77.0.8')]), UNICAST)
  t.like(request, { state: 'renewing', address: ip('10.77.0.9') })
})

test("a REQUEST to another server isn't ours to answer", (t) => {
  const request = packet({}, [REQUEST, serverId(THEIRS), requested('10.77.0.9')])
  t.deepEqual(interpret(request, BROADCAST), { message: 'elsewhere', mac: MAC, server: THEIRS })
})

test('a REQUEST to another address of ours is answered in its name', (t) => {
  const request = packet({}, [REQUEST, serverId(OUR_OTHER), requested('10.78.0.9')])
  t.like(asked(request), { serverId: OUR_OTHER, client: { server: OURS } })
})

test('a DISCOVER may ask for an address', (t) => {
  t.like(asked(packet({}, [DISCOVER, requested('10.77.0.9')])), { message: 'DISCOVER', requested: ip('10.77.0.9') })
  t.false('requested' in asked(packet({}, [DISCOVER])))
})

const RELAYED = { giaddr: ip('10.88.0.1') }
const selection = (address: string) => relayAgent(entry(RELAY_AGENT.linkSelection, ip(address)))
for (const [rule, fields, options, arrival, link] of [
  ["the interface's for a broadcast", {}, [], BROADCAST, '10.77.0.1'],
  ["the relay agent's", RELAYED, [], UNICAST, '10.88.0.1'],
  ['RFC 3527: the one the relay agent selects', RELAYED, [selection('10.89.0.1')], UNICAST, '10.89.0.1'],
  ['only a relay agent selects', {}, [selection('10.89.0.1')], BROADCAST, '10.77.0.1'],
  ['a malformed selection selects nothing', RELAYED, [relayAgent([5, fromHex('0a59')])], UNICAST, '10.88.0.1'],
  ["a renewing client's own, from behind routers", { ciaddr: ip('10.90.0.9') }, [], UNICAST, '10.90.0.9'],
  ["the interface's for a rebinding client that moved", { ciaddr: ip('10.90.0.9') }, [], BROADCAST, '10.77.0.1'],
  ["the relay agent's for a rebinding client", { ...RELAYED, ciaddr: ip('10.90.0.9') }, [], UNICAST, '10.88.0.1']
] as const) {
  test(`the client's link is ${rule}`, (t) => {
    t.is(asked(packet(fields, [REQUEST, requested('10.77.0.9'), ...options]), arrival).client.link, ip(link))
  })
}

for (const [what, fields, options] of [
  ['plain BOOTP', {}, []],
  ['DECLINE', {}, [entry(OPTION.messageType, MESSAGE.DECLINE)]],
  ['RELEASE', {}, [entry(OPTION.messageType, MESSAGE.RELEASE)]],
  ['INFORM', {}, [entry(OPTION.messageType, MESSAGE.INFORM)]],
  ["another server's OFFER", { op: 2 }, [entry(OPTION.messageType, MESSAGE.OFFER)]],
  ['an unknown message', {}, [entry(OPTION.messageType, 77)]],
  ['InfiniBand', { htype: 32 }, [DISCOVER]],
  ['a hardware address of 16 bytes', { chaddr: new Uint8Array(16).fill(2) }, [DISCOVER]]
] as const) {
  test(`${what} gets no answer here`, (t) => {
    t.is(interpret(packet(fields, options), BROADCAST).message, 'unhandled')
  })
}

for (const [what, fields, options, code] of [
  ['a message type of two bytes', {}, [[53, fromHex('0101')]], 'option-value'],
  ['a server identifier of three bytes', {}, [REQUEST, [54, fromHex('0a4d00')]], 'option-value'],
  ['a requested address of five bytes', {}, [DISCOVER, [50, fromHex('0a4d000100')]], 'option-value'],
  ['a group hardware address', { chaddr: fromHex('01005e000001') }, [DISCOVER], 'hardware-address'],
  ['no hardware address', { chaddr: new Uint8Array(6) }, [DISCOVER], 'hardware-address'],
  ['a REQUEST for no address', {}, [REQUEST], 'no-address']
] as const satisfies readonly (readonly [string, Partial<Packet>, readonly [number, Uint8Array][], MalformedCode])[]) {
  test(`${what} is malformed: ${code}`, (t) => {
    t.throws(() => interpret(packet(fields, options), BROADCAST), { instanceOf: MalformedPacket, code })
  })
}

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

for (const byte of ['00', 'ff']) {
  test(`a UUID of nothing but ${byte} is one that the board was never given`, (t) => {
    const request = asked(packet({}, [DISCOVER, [97, fromHex(`00${byte.repeat(16)}`)]]))
    t.deepEqual(request.client, CLIENT)
    t.deepEqual(request.ignored, [])
  })
}
