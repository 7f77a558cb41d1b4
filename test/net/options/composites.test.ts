import test from 'ava'
import { MalformedBytes } from '../../../src/net/bytes.ts'
import { ipv4 } from '../../../src/net/options/addresses.ts'
import { counted, list, record } from '../../../src/net/options/composites.ts'
import { uint8, uint16 } from '../../../src/net/options/numbers.ts'
import { text } from '../../../src/net/options/text.ts'
import { bytesOf, holds, malformed, refused } from './forms.ts'

const pair = record({ type: uint16, count: uint8 })
holds(pair, { value: { type: 258, count: 3 }, bytes: bytesOf(1, 2, 3), json: { type: 258, count: 3 } })
malformed(pair, '', '0102', '01020304')
refused(
  pair,
  [{ type: 1, count: 256 }, 'count: must be a whole number from 0 to 255, not 256'],
  [
    { count: 'a' },
    'type: is missing; it must be a whole number from 0 to 65535; count: must be a whole number from 0 to 255, not "a"'
  ],
  [{ type: 1, count: 1, size: 2, port: 3 }, 'must be {type: uint16, count: uint8}; there is no size, port'],
  [[1, 2], 'must be {type: uint16, count: uint8}, not [1,2]'],
  [null, 'must be {type: uint16, count: uint8}, not null']
)

test('records of a fixed size have one; others have none', (t) => {
  t.is(pair.size, 3)
  t.false('size' in record({ name: text, address: ipv4 }))
})

// What has no size of its own takes what the others leave, wherever it stands.
const named = record({ type: uint8, name: text, count: uint16 })
holds(named, {
  value: { type: 1, name: 'lab', count: 2 },
  bytes: bytesOf(1, 'lab', 0, 2),
  json: { type: 1, name: 'lab', count: 2 }
})

test('a record that is shorter than its fixed parts is malformed as a whole', (t) => {
  t.throws(() => named.read(bytesOf(1, 2)), { instanceOf: MalformedBytes, message: '2 bytes, not 3' })
})

const pairs = list(pair, 0)
holds(pairs, { value: [], bytes: bytesOf(), json: [] })
holds(pairs, {
  value: [{ type: 1, count: 2 }],
  bytes: bytesOf(0, 1, 2),
  json: [{ type: 1, count: 2 }],
  also: [{ type: 1, count: 2 }]
})
malformed(pairs, '0001', '000102 0001')
malformed(list(pair), '')

holds(counted(text), { value: 'lab', bytes: bytesOf(3, 'lab'), json: 'lab' })
holds(counted(list(uint16), 2), { value: [1, 2], bytes: bytesOf(2, 0, 1, 0, 2), json: [1, 2] })
refused(
  counted(text),
  ['a'.repeat(256), 'has 256 bytes; there is room for 255'],
  ['', 'must be text of printable ASCII characters, not ""']
)
refused(counted(list(uint16), 2), [Array.from({ length: 256 }, () => 1), 'has 256 items; there is room for 255'])
holds(counted(text), { value: 'a'.repeat(255), bytes: bytesOf(255, 'a'.repeat(255)), json: 'a'.repeat(255) })
