import test from 'ava'
import fc from 'fast-check'
import { encode } from '../../src/dhcp/codec.ts'
import type { Exchange } from '../../src/dhcp/exchange-ring.ts'
import { Trace } from '../../src/dhcp/trace.ts'
import type { Mac } from '../../src/net/mac.ts'
import { udpDatagrams } from './pcap.ts'
import { ip, packet, vector } from './vectors.ts'

const MAC = '52:54:00:00:00:0a' as Mac
const OTHER = '52:54:00:00:00:0b' as Mac
const SERVER = { address: ip('10.77.0.1'), port: 67 }
const CLIENTS = { address: ip('255.255.255.255'), port: 68 }
const REQUEST = vector('busybox-udhcpc')
const REPLY = encode(packet({ op: 2, yiaddr: ip('10.77.0.10') }))

function exchange(fields: Partial<Exchange & { known: boolean }> = {}): Exchange & { known: boolean } {
  return {
    mac: MAC,
    known: true,
    interface: 'eth0',
    from: { address: ip('0.0.0.0'), port: 68 },
    server: SERVER,
    cast: 'broadcast',
    request: REQUEST,
    reply: REPLY,
    to: CLIENTS,
    outcome: 'offer',
    answered: 'OFFER 10.77.0.10 for 3600 s',
    reasons: ['the fixed address of web1'],
    ...fields
  }
}

function trace(options: { bytes?: number; now?: () => number } = {}): Trace {
  return new Trace({ bytes: 1 << 20, now: () => 0, ...options })
}

const capture = (traced: Trace, macs?: Mac[]) => udpDatagrams(Buffer.concat([...traced.pcap(macs)]))
const answersOf = (traced: Trace, macs?: Mac[], limit?: number) =>
  traced.exchanges(macs, limit).map(({ answered }) => answered)

test('an exchange is told as it was: when, where, what was asked and answered, and why', (t) => {
  const traced = trace({ now: () => 1_700_000_000_123 })
  traced.record(exchange())
  const [told] = traced.exchanges()
  const { known: _, request, reply, ...circumstances } = exchange()
  t.like(told, {
    ...circumstances,
    time: 1_700_000_000_123,
    request: { bytes: request, length: request.length },
    reply: { bytes: reply, length: REPLY.length }
  })
  t.regex(told?.asked ?? '', /^DISCOVER [0-9a-f]{8}/)
  t.deepEqual(
    told?.packets().map((text) => text.split(' ')[0]),
    ['DISCOVER', 'BOOTREPLY']
  )
})

test('silence is an exchange too: its reply is missing, its reason is there', (t) => {
  const traced = trace()
  const silence = { outcome: 'silence', answered: 'nothing: no subnet', reasons: ['no subnet'] }
  traced.record(exchange({ ...silence, reply: undefined, to: undefined }))
  const [told] = traced.exchanges()
  t.like(told, silence)
  t.is(told?.reply, undefined)
  t.is(told?.packets().length, 1)
  t.is(capture(traced).length, 1)
})

test('what is told stays as it was, whatever becomes of the buffers', (t) => {
  const traced = trace({ bytes: 6000 })
  const reused = Uint8Array.from(REQUEST)
  traced.record(exchange({ request: reused }))
  reused.fill(0)
  const [told] = traced.exchanges()
  for (let count = 0; count < 20; count++) traced.record(exchange({ request: new Uint8Array(300).fill(7) }))
  t.deepEqual(told?.request.bytes, REQUEST)
})

test('exchanges are told oldest first, of some clients or of all, at most the latest so many', (t) => {
  const traced = trace()
  for (const [number, mac] of [MAC, OTHER, MAC, OTHER, MAC].entries()) {
    traced.record(exchange({ mac, known: mac === MAC, answered: `${number}` }))
  }
  traced.record(exchange({ mac: undefined, known: false, answered: 'malformed' }))
  t.deepEqual(answersOf(traced), ['0', '1', '2', '3', '4', 'malformed'])
  t.deepEqual(answersOf(traced, [MAC]), ['0', '2', '4'])
  t.deepEqual(answersOf(traced, [MAC, OTHER]), ['0', '1', '2', '3', '4'])
  t.deepEqual(answersOf(traced, [OTHER], 1), ['3'])
  t.deepEqual(answersOf(traced, undefined, 3), ['3', '4', 'malformed'])
  t.deepEqual(answersOf(traced, ['52:54:00:00:00:0c' as Mac]), [])
})

test('a flood of strangers does not push out what registered machines said', (t) => {
  const traced = trace({ bytes: 10_000 })
  traced.record(exchange({ answered: 'registered' }))
  for (let count = 0; count < 1000; count++) traced.record(exchange({ mac: OTHER, known: false }))
  t.deepEqual(answersOf(traced, [MAC]), ['registered'])
  const strangers = answersOf(traced, [OTHER]).length
  t.true(strangers > 0 && strangers < 10_000 / REQUEST.length, `${strangers}`)
})

test('the newest are there, in one piece each, as many as fit into the memory', (t) => {
  const sizes = fc.record({ request: fc.nat(2000), reply: fc.option(fc.nat(2000), { nil: undefined }) })
  fc.assert(
    fc.property(fc.array(sizes, { maxLength: 60 }), fc.integer({ min: 10_000, max: 24_000 }), (all, bytes) => {
      const traced = trace({ bytes })
      const recorded = all.map(({ request, reply }, number) =>
        exchange({
          request: new Uint8Array(request).fill(number + 1),
          reply: reply === undefined ? undefined : new Uint8Array(reply).fill(number + 101),
          answered: `${number}`
        })
      )
      for (const each of recorded) traced.record(each)
      const told = traced.exchanges()
      const kept = (packet?: Uint8Array) => packet && { bytes: packet.slice(0, 1500), length: packet.length }
      t.deepEqual(
        told.map(({ request, reply, answered }) => ({ request, reply, answered })),
        recorded.slice(recorded.length - told.length).map(({ request, reply, answered }) => ({
          request: kept(request),
          reply: kept(reply),
          answered
        }))
      )
      // Up to one exchange's bytes are skipped at the end of the memory, and another doesn't fit.
      const held = told.reduce((sum, { request, reply }) => sum + request.bytes.length + (reply?.bytes.length ?? 0), 0)
      const slots = Math.ceil(bytes / 2 / 512)
      t.true(told.length === Math.min(all.length, slots) || held > bytes / 2 - 2 * 3100)
      t.true(held <= bytes / 2)
    })
  )
})

test('a packet that is longer than a frame is cut, and says so', (t) => {
  const traced = trace()
  const request = new Uint8Array(3000)
  request.set(REQUEST)
  traced.record(exchange({ request }))
  const [told] = traced.exchanges()
  t.deepEqual(told?.request, { bytes: request.slice(0, 1500), length: 3000 })
  t.regex(told?.packets()[0] ?? '', /^only the first 1500 of 3000 bytes are here\nDISCOVER /)
  t.like(capture(traced)[0], { length: 3000, payload: request.slice(0, 1500) })
})

test('however small the memory, the last exchange is there', (t) => {
  const traced = trace({ bytes: 0 })
  for (const length of [300, 1500, 9000]) {
    const bytes = new Uint8Array(length)
    traced.record(exchange({ request: bytes, reply: bytes }))
    t.is(traced.exchanges().at(-1)?.reply?.length, length)
  }
})

test('a capture has requests as they were addressed, and replies where they went', (t) => {
  const traced = trace({ now: () => 1_700_000_000_123.456 })
  const relay = { address: ip('10.88.0.1'), port: 67 }
  traced.record(exchange())
  traced.record(exchange({ from: relay, cast: 'unicast', to: relay }))
  const ends = capture(traced).map(({ time, source, sourcePort, destination, destinationPort }) => {
    t.is(time, 1_700_000_000_123_456)
    return `${source}:${sourcePort} ${destination}:${destinationPort}`
  })
  t.deepEqual(ends, [
    '0.0.0.0:68 255.255.255.255:67',
    '10.77.0.1:67 255.255.255.255:68',
    '10.88.0.1:67 10.77.0.1:67',
    '10.77.0.1:67 10.88.0.1:67'
  ])
})

test('a capture is of some clients or of all', (t) => {
  const traced = trace()
  for (const mac of [MAC, OTHER, MAC]) traced.record(exchange({ mac }))
  t.is(capture(traced).length, 6)
  t.is(capture(traced, [OTHER]).length, 2)
  t.deepEqual(capture(trace()), [])
})

for (const [what, length] of [
  ['by packets as long as theirs', 600],
  ['by more packets than are counted, however short', 1]
] as const) {
  test(`what is overwritten while a capture is made is left out of it: ${what}`, (t) => {
    const traced = trace({ bytes: 1 << 19 })
    for (let count = 0; count < 300; count++) traced.record(exchange())
    const pieces = traced.pcap()
    const first = [pieces.next().value, pieces.next().value]
    const newer = exchange({ request: new Uint8Array(length), reply: undefined })
    for (let count = 0; count < 450; count++) traced.record(newer)
    const datagrams = udpDatagrams(Buffer.concat([...first, ...pieces]))
    t.true(datagrams.length >= 200 && datagrams.length < 600, `${datagrams.length}`)
    const payloads = [REQUEST, REPLY].map((bytes) => Buffer.from(bytes))
    for (const { payload } of datagrams) t.true(payloads.some((each) => each.equals(payload)))
  })
}
