import test from 'ava'
import { type Arrival, interpret } from '../../src/dhcp/interpret.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import { fromHex, ip, packet } from './vectors.ts'

/** Which link a client is on, and which server it means: what relay agents and option 54 tell. */

const OURS = ip('10.77.0.1')
const OUR_OTHER = ip('10.78.0.1')
const BROADCAST: Arrival = { server: OURS, servers: [OURS, OUR_OTHER], cast: 'broadcast' }
const UNICAST: Arrival = { ...BROADCAST, cast: 'unicast' }

const RELAYED = { giaddr: ip('10.88.0.1') }
const message = (type: keyof typeof MESSAGE) => entry(OPTION.messageType, MESSAGE[type])
const requested = entry(OPTION.requestedAddress, ip('10.77.0.9'))
const serverId = (address: string) => entry(OPTION.serverId, ip(address))
const relayAgent = (...entries: [number, Uint8Array][]) => entry(OPTION.relayAgent, new Map(entries))
const linkSelection = (address: string) => relayAgent(entry(RELAY_AGENT.linkSelection, ip(address)))
const subnetSelection = (address: string) => entry(OPTION.subnetSelection, ip(address))
const override = (address: string) => relayAgent(entry(RELAY_AGENT.serverIdOverride, ip(address)))

for (const [rule, fields, options, arrival, link] of [
  ["the interface's for a broadcast", {}, [], BROADCAST, '10.77.0.1'],
  ["the relay agent's", RELAYED, [], UNICAST, '10.88.0.1'],
  ['RFC 3527: the one the relay agent selects', RELAYED, [linkSelection('10.89.0.1')], UNICAST, '10.89.0.1'],
  ['only a relay agent selects a link', {}, [linkSelection('10.89.0.1')], BROADCAST, '10.77.0.1'],
  ['a malformed selection selects nothing', RELAYED, [relayAgent([5, fromHex('0a59')])], UNICAST, '10.88.0.1'],
  ['RFC 3011: the one the client selects', {}, [subnetSelection('10.89.0.0')], BROADCAST, '10.89.0.0'],
  ['RFC 3011: its selection comes before giaddr', RELAYED, [subnetSelection('10.89.0.0')], UNICAST, '10.89.0.0'],
  [
    "RFC 3527, 3: the relay agent's selection comes before the client's",
    RELAYED,
    [subnetSelection('10.90.0.0'), linkSelection('10.89.0.1')],
    UNICAST,
    '10.89.0.1'
  ],
  ['a malformed subnet selects nothing', RELAYED, [[118, fromHex('0a5a')]], UNICAST, '10.88.0.1'],
  ["a renewing client's own, from behind routers", { ciaddr: ip('10.90.0.9') }, [], UNICAST, '10.90.0.9'],
  ["the interface's for a rebinding client that moved", { ciaddr: ip('10.90.0.9') }, [], BROADCAST, '10.77.0.1'],
  ["the relay agent's for a rebinding client", { ...RELAYED, ciaddr: ip('10.90.0.9') }, [], UNICAST, '10.88.0.1']
] as const) {
  test(`the client's link is ${rule}`, (t) => {
    const request = interpret(packet(fields, [message('REQUEST'), requested, ...options]), arrival)
    t.like(request, { client: { link: ip(link), relay: 'giaddr' in fields ? fields.giaddr : undefined } })
  })
}

test("a REQUEST to another server isn't ours to answer", (t) => {
  const request = packet({}, [message('REQUEST'), serverId('10.77.0.2'), requested])
  t.deepEqual(interpret(request, BROADCAST), { message: 'elsewhere', what: 'REQUEST', server: ip('10.77.0.2') })
})

for (const type of ['DECLINE', 'RELEASE'] as const) {
  test(`a ${type} to another server changes nothing here`, (t) => {
    const told = packet({ ciaddr: ip('10.77.0.9') }, [message(type), serverId('10.77.0.2'), requested])
    t.like(interpret(told, UNICAST), { message: 'elsewhere', what: type })
  })
}

test('a DISCOVER is for all servers, whichever it names', (t) => {
  t.like(interpret(packet({}, [message('DISCOVER'), serverId('10.77.0.2')]), BROADCAST), { message: 'DISCOVER' })
})

test('a REQUEST to another address of ours is answered in its name', (t) => {
  const request = packet({}, [message('REQUEST'), serverId('10.78.0.1'), requested])
  t.like(interpret(request, BROADCAST), { message: 'REQUEST', serverId: OUR_OTHER, client: { server: OURS } })
})

for (const [rule, type, options] of [
  ['is told to the client as the server', 'DISCOVER', []],
  ['is taken for ours when the client names it', 'REQUEST', [serverId('10.88.0.1'), requested]],
  ['is told to a client that names us', 'REQUEST', [serverId('10.77.0.1'), requested]]
] as const) {
  test(`RFC 5107: a relay agent's address in the server's place ${rule}`, (t) => {
    const request = packet(RELAYED, [message(type), ...options, override('10.88.0.1')])
    t.like(interpret(request, UNICAST), { message: type, serverId: ip('10.88.0.1') })
  })
}

test('RFC 5107: only a relay agent takes the place of the server', (t) => {
  const request = packet({}, [message('REQUEST'), serverId('10.88.0.1'), requested, override('10.88.0.1')])
  t.like(interpret(request, BROADCAST), { message: 'elsewhere', server: ip('10.88.0.1') })
})

const THEIRS = ip('10.77.0.2')
for (const [what, type, fields, options, to, server] of [
  ['a REQUEST', 'REQUEST', {}, [serverId('10.77.0.2'), requested], 'partner', THEIRS],
  [
    'a REQUEST that a relay agent brings, whatever it stands in for,',
    'REQUEST',
    RELAYED,
    [serverId('10.77.0.2'), requested, override('10.88.0.1')],
    'partner',
    THEIRS
  ],
  ['a REQUEST to us', 'REQUEST', {}, [serverId('10.77.0.1'), requested], 'this', OURS],
  ['a REQUEST to none', 'REQUEST', {}, [requested], 'any', OURS],
  [
    'RFC 5107: a REQUEST to the relay agent',
    'REQUEST',
    RELAYED,
    [serverId('10.88.0.1'), requested, override('10.88.0.1')],
    'relay',
    ip('10.88.0.1')
  ],
  ['a RELEASE', 'RELEASE', { ciaddr: ip('10.77.0.9') }, [serverId('10.77.0.2')], undefined, THEIRS],
  ['a DECLINE', 'DECLINE', {}, [serverId('10.77.0.2'), requested], undefined, THEIRS],
  ['a DISCOVER', 'DISCOVER', {}, [serverId('10.77.0.2')], undefined, OURS]
] as const) {
  test(`while the other instance is gone, ${what} is answered in the name of ${server}`, (t) => {
    const request = interpret(packet(fields, [message(type), ...options]), BROADCAST, [THEIRS])
    t.like(request, { message: type, serverId: server, ...(to ? { to } : {}) })
  })
}
