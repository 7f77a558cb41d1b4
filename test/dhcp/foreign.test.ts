import test from 'ava'
import { decode, encode, type Packet } from '../../src/dhcp/codec.ts'
import { ForeignServers, madeUpMac, probe, signIn } from '../../src/dhcp/foreign.ts'
import { type Arrival, interpret } from '../../src/dhcp/interpret.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { macToBytes, parseMac } from '../../src/net/mac.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, ip, packet, plain, vector } from './vectors.ts'

const OURS = ip('10.77.0.1')
const OURS_TOO = ip('10.80.0.1')
const THEIRS = ip('10.77.0.2')
const SOURCE = ip('10.77.0.3')
const MAC = parseMac('02:00:00:00:00:07')
const HERE: Arrival = { server: OURS, servers: [OURS, OURS_TOO], cast: 'broadcast' }

test('an address that was made up is a locally administered one of a single station, whatever the dice say', (t) => {
  t.is(madeUpMac(fromHex('ffffffffffff')), parseMac('fe:ff:ff:ff:ff:ff'))
  t.is(madeUpMac(fromHex('000000000000')), parseMac('02:00:00:00:00:00'))
})

test('the probe is a DISCOVER as a relay agent would bring it', (t) => {
  const sent = probe(MAC, OURS, 7)
  t.like(sent, { op: 1, xid: 7, hops: 1, giaddr: OURS, chaddr: macToBytes(MAC) })
  t.deepEqual(
    [...sent.options],
    [entry(OPTION.messageType, MESSAGE.DISCOVER), [55, fromHex('01')], [61, fromHex('01 020000000007')]]
  )
  t.deepEqual(plain(decode(encode(sent))), plain(sent))
  t.like(interpret(sent, HERE), { message: 'DISCOVER', client: { mac: MAC, link: OURS } })
})

const message = (type: keyof typeof MESSAGE) => entry(OPTION.messageType, MESSAGE[type])
const serverId = (address: typeof OURS) => entry(OPTION.serverId, address)
const offer = (options: [number, Uint8Array][], fields: Partial<Packet> = {}) =>
  packet({ op: 2, giaddr: OURS, chaddr: macToBytes(MAC), ...fields }, options)

for (const [what, packet, arrival, sign] of [
  ['an offer to the probe', offer([message('OFFER'), serverId(THEIRS)]), {}, { server: THEIRS, by: 'offer' }],
  ['one that names no server', offer([message('OFFER')]), {}, { server: SOURCE, by: 'offer' }],
  ['one of its own', offer([message('OFFER'), serverId(OURS_TOO)]), {}, undefined],
  ['a NAK to the probe', offer([message('NAK'), serverId(THEIRS)]), {}, undefined],
  [
    'an offer to somebody',
    offer([message('OFFER'), serverId(THEIRS)], { chaddr: fromHex('020000000008') }),
    {},
    undefined
  ],
  ['the probe itself', probe(MAC, OURS, 1), {}, undefined]
] as const) {
  test(`${what} tells ${sign ? 'of another server' : 'nothing'}`, (t) => {
    const where = { ...HERE, ...arrival }
    t.deepEqual(signIn(packet, interpret(packet, where), where, SOURCE, MAC), sign)
  })
}

const taken = decode(vector('busybox-udhcpc', 'request'))
const taking = (type: keyof typeof MESSAGE, fields: Partial<Packet> = {}): Packet => ({
  ...taken,
  ...fields,
  options: new Map([...taken.options, message(type), serverId(THEIRS)])
})
for (const [what, packet, arrival, isSign] of [
  ["a REQUEST that takes another's offer", taking('REQUEST'), {}, true],
  ['one that a relay agent brings', taking('REQUEST', { giaddr: ip('10.78.0.1') }), {}, false],
  ['one that came by unicast', taking('REQUEST'), { cast: 'unicast' }, false],
  ['one that takes ours', taken, {}, false],
  ['a DECLINE to another', taking('DECLINE'), {}, false]
] as const) {
  test(`${what} tells ${isSign ? 'of it' : 'nothing'}`, (t) => {
    const where = { ...HERE, ...arrival }
    const sign = signIn(packet, interpret(packet, where), where, SOURCE, MAC)
    t.deepEqual(sign, isSign ? { server: THEIRS, by: 'client' } : undefined)
  })
}

test('a server is news once on each link, and again when it was gone for an hour', (t) => {
  let now = 0
  const foreign = new ForeignServers(() => now)
  t.true(foreign.note(THEIRS, 'br0'))
  t.false(foreign.note(THEIRS, 'br0'))
  t.true(foreign.note(THEIRS, 'br1'))
  t.true(foreign.note(SOURCE, 'br0'))
  for (let minutes = 0; minutes < 600; minutes += 59) {
    now = minutes * 60_000
    t.false(foreign.note(THEIRS, 'br0'), 'it was there all the time')
  }
  now += 3_600_000
  t.true(foreign.note(THEIRS, 'br0'))
})

test('who makes up servers makes neither news without end nor the memory grow', (t) => {
  let now = 0
  const foreign = new ForeignServers(() => now)
  t.true(foreign.note(THEIRS, 'br0'))
  const news = Array.from({ length: 1000 }, (_, number) =>
    foreign.note(ip(`10.0.${number >> 8}.${number & 255}`), 'br0')
  )
  t.is(news.filter(Boolean).length, 99)
  t.false(foreign.note(THEIRS, 'br0'))
  now += 3_600_000
  t.true(foreign.note(ip('10.0.3.1'), 'br0'))
})
