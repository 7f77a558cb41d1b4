import test from 'ava'
import { Admission } from '../../src/dhcp/admission.ts'
import { encode } from '../../src/dhcp/codec.ts'
import type { Mac } from '../../src/net/mac.ts'
import { discover, GRANT, loopback } from './loopback.ts'
import { fromHex, packet } from './vectors.ts'

const KNOWN = '52:54:00:00:00:01' as Mac
const from = (number: number) => encode(packet({ chaddr: Uint8Array.of(0x52, 0x54, 0, 0, number >> 8, number & 255) }))

function open() {
  const clock = { now: 5_000_400 }
  const admission = new Admission(
    (mac) => mac === KNOWN,
    () => clock.now
  )
  /** How many of so many datagrams are let in. */
  const admitted = (bytes: Uint8Array, count: number, behind = 0) =>
    Array.from({ length: count }, () => admission.refusal(bytes, behind)).filter((why) => why === undefined).length
  return { clock, admission, admitted }
}

test('a hardware address may send 100 datagrams a second, and in the next second again', (t) => {
  const { clock, admission, admitted } = open()
  t.is(admitted(from(1), 150), 100)
  t.is(admission.refusal(from(1), 0), 'flood')
  t.is(admitted(from(2), 100), 100, 'the others are none the worse')
  clock.now += 599
  t.is(admitted(from(1), 1), 0)
  clock.now += 1
  t.is(admitted(from(1), 150), 100)
})

test('all 48 bits of the address tell clients apart', (t) => {
  const { admitted } = open()
  for (let index = 0; index < 6; index += 1) {
    const chaddr = fromHex('525400000001')
    chaddr[index] = (chaddr[index] as number) ^ 0x80
    t.is(admitted(encode(packet({ chaddr })), 100), 100, String(index))
  }
})

for (const [behind, stranger, registered] of [
  [0, undefined, undefined],
  [31, undefined, undefined],
  [32, 'shed', undefined],
  [100, 'shed', undefined]
] as const) {
  test(`${behind} turns behind, a stranger is ${stranger ?? 'answered'}, a registered machine answered`, (t) => {
    const { admission } = open()
    t.is(admission.refusal(from(2), behind), stranger)
    t.is(admission.refusal(from(1), behind), registered)
  })
}

test('a registered machine that floods is no exception', (t) => {
  t.is(open().admitted(from(1), 150, 100), 100)
})

test('what is too short to have a hardware address goes on, to be counted as malformed', (t) => {
  const { admission, admitted } = open()
  for (const length of [0, 28, 33]) t.is(admitted(new Uint8Array(length), 200, 100), 200)
  t.is(admission.refusal(new Uint8Array(34), 100), 'shed')
})

test('a flood is counted, and neither answered nor traced; another client is served', async (t) => {
  const { send, relay, server, steps, traced, stepsTold } = await loopback(t, { offer: () => GRANT })
  for (let count = 0; count < 100; count += 1) send(discover(1))
  await stepsTold(100)
  for (let count = 0; count < 3; count += 1) send(discover(1))
  const other = Uint8Array.from(discover(2))
  other[28 + 5] = 0xee
  const answered = new Promise<void>((resolve) => {
    relay.on('message', (bytes: Uint8Array) => bytes[28 + 5] === 0xee && resolve())
  })
  send(other)
  await answered
  const flood = { protocol: 'dhcp', asked: 'a datagram', level: 'debug', outcome: 'flood' } as const
  t.like(steps.slice(100, 103), [flood, flood, flood], 'told to those who count')
  t.deepEqual([steps.length, traced.length], [104, 101])
  t.deepEqual(server.counters(), { offer: 101, flood: 3 })
  await server.close()
})
