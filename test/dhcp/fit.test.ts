import test from 'ava'
import { encode } from '../../src/dhcp/codec.ts'
import { fitted } from '../../src/dhcp/fit.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { OptionList } from '../../src/net/options/option-list.ts'
import { OPTION } from '../../src/net/options/table.ts'
import { fromHex, packet } from './vectors.ts'

const DISCOVER = entry(OPTION.messageType, MESSAGE.DISCOVER)
const RELAY_AGENT = [82, new Uint8Array(100).fill(7)] as const

/** What is left of options of 100 bytes each, codes from 100 up, of which one is needed; and how long the message is. */
function whatFits(options: readonly (readonly [number, Uint8Array])[], count: number, needed = 0) {
  const request = packet({}, options)
  const offered = new OptionList()
  for (let index = 0; index < count; index += 1) offered.set(100 + index, new Uint8Array(98))
  const left = fitted(request, offered, (code) => code === needed)
  return { codes: [...left.keys()], bytes: encode(packet({}, left)) }
}

const size = (bytes: number) => entry(OPTION.maxMessageSize, bytes)

// A message has 240 bytes before the options and one after them; IP's and UDP's headers have 28.
for (const [rule, option, longest] of [
  ['RFC 2131, 2: a client takes 576 bytes, headers included', [], 576],
  ['RFC 2132, 9.10: or as many as it tells', [size(800)], 800],
  ['RFC 2132, 9.10: it may not tell less', [size(300)], 576],
  ["no more than Ethernet's frames hold, whatever it tells", [size(65_535)], 1500],
  ['a size that is malformed tells nothing', [[57, fromHex('ff')]], 576]
] as const) {
  test(`${rule}: ${longest}`, (t) => {
    const { codes, bytes } = whatFits([DISCOVER, ...option], 20)
    const count = Math.floor((longest - 28 - 241) / 100)
    t.deepEqual(
      codes,
      Array.from({ length: count }, (_, index) => 100 + index)
    )
    t.is(bytes.length, 241 + 100 * count)
  })
}

test('what fits exactly is left, and with a byte less the last one goes', (t) => {
  t.is(whatFits([DISCOVER, size(28 + 241 + 600)], 6).codes.length, 6)
  t.is(whatFits([DISCOVER, size(28 + 241 + 599)], 6).codes.length, 5)
})

test('what the client needs stays, though it is last; what it wants least goes', (t) => {
  t.deepEqual(whatFits([DISCOVER], 5, 104).codes, [100, 101, 104])
})

test("RFC 3046, 2.2: the relay agent's option is last, and takes the room of others; one that is too long goes, too", (t) => {
  t.deepEqual(whatFits([DISCOVER, RELAY_AGENT], 5).codes, [100, 101, 82])
  t.deepEqual(whatFits([DISCOVER, [82, new Uint8Array(250)]], 5).codes, [82])
  t.deepEqual(whatFits([DISCOVER, [82, new Uint8Array(400)]], 5).codes, [])
})

test('RFC 951: a BOOTP client takes 300 bytes', (t) => {
  t.deepEqual(whatFits([], 5).codes, [])
  t.is(whatFits([], 5).bytes.length, 300)
  t.is(whatFits([size(1500)], 5).bytes.length, 300)
})

test('no message is overloaded: much firmware looks for options only where they belong', (t) => {
  const options = fitted(packet({}, [DISCOVER]), new OptionList().set(100, new Uint8Array(290)), () => true)
  t.deepEqual(encode(packet({ options })).subarray(44, 236), new Uint8Array(192))
  t.false(options.has(OPTION.overload.code))
})
