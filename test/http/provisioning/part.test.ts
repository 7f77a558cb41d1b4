import test from 'ava'
import fc from 'fast-check'
import { type Part, partOf } from '../../../src/http/provisioning/part.ts'

const TAG = '"abc"'
const whole: Part = { status: 200 }
const bytes = (start: number, end: number): Part => ({ status: 206, start, end })

for (const [rule, headers, expected] of [
  ['nothing asked: the whole file', {}, whole],
  ['a range', { range: 'bytes=2-5' }, bytes(2, 5)],
  ['one byte', { range: 'bytes=0-0' }, bytes(0, 0)],
  ['an open range goes to the end', { range: 'bytes=4-' }, bytes(4, 9)],
  ['a range past the end is cut', { range: 'bytes=4-99' }, bytes(4, 9)],
  ['a suffix is the last bytes', { range: 'bytes=-3' }, bytes(7, 9)],
  ['a suffix longer than the file is all of it', { range: 'bytes=-99' }, bytes(0, 9)],
  ['a range that begins past the end', { range: 'bytes=10-' }, { status: 416 }],
  ['no last bytes', { range: 'bytes=-0' }, { status: 416 }],
  ['a range backwards is ignored', { range: 'bytes=5-2' }, whole],
  ['several ranges are ignored', { range: 'bytes=0-1,4-5' }, whole],
  ['another unit is ignored', { range: 'lines=0-1' }, whole],
  ['no range at all is ignored', { range: 'bytes=-' }, whole],
  ['a copy that is current', { 'if-none-match': TAG }, { status: 304 }],
  ['one of several copies is current', { 'if-none-match': '"x", "abc"' }, { status: 304 }],
  ['a weak comparison suffices to keep a copy', { 'if-none-match': 'W/"abc"' }, { status: 304 }],
  ['any copy', { 'if-none-match': '*' }, { status: 304 }],
  ['an old copy', { 'if-none-match': '"x"' }, whole],
  ['a current copy before a range', { 'if-none-match': TAG, range: 'bytes=0-1' }, { status: 304 }],
  ['the copy that is wanted', { 'if-match': '"x", "abc"' }, whole],
  ['any copy is wanted', { 'if-match': '*' }, whole],
  ['another copy is wanted', { 'if-match': '"x"' }, { status: 412 }],
  ['a weak tag is not enough to want a copy', { 'if-match': 'W/"abc"' }, { status: 412 }],
  ['another copy is wanted before a range of it', { 'if-match': '"x"', range: 'bytes=0-1' }, { status: 412 }],
  ['a weak tag is not enough for the rest', { 'if-range': 'W/"abc"', range: 'bytes=4-' }, whole],
  ['a number beyond all numbers', { range: `bytes=${'9'.repeat(400)}-` }, { status: 416 }],
  ['the rest of the same file', { 'if-range': TAG, range: 'bytes=4-' }, bytes(4, 9)],
  ['the rest of another file: the whole', { 'if-range': '"x"', range: 'bytes=4-' }, whole],
  [
    'a date tells nothing of the content: the whole',
    { 'if-range': new Date(0).toUTCString(), range: 'bytes=4-' },
    whole
  ]
] as const satisfies readonly (readonly [string, object, Part])[]) {
  test(`of ten bytes: ${rule}`, (t) => t.deepEqual(partOf('GET', headers, TAG, 10), expected))
}

test('whatever a header holds, a part lies within the file', (t) => {
  const number = fc.option(fc.nat(), { nil: '' })
  const range = fc.oneof(
    fc.string(),
    fc.tuple(number, number).map(([first, last]) => `bytes=${first}-${last}`)
  )
  const lies = fc.property(range, fc.integer({ min: 0, max: 2 ** 40 }), (text, size) => {
    const part = partOf('GET', { range: text }, TAG, size)
    return part.status !== 206 || (0 <= part.start && part.start <= part.end && part.end < size)
  })
  t.notThrows(() => fc.assert(lies))
})

test('a range is for GET alone', (t) => t.deepEqual(partOf('HEAD', { range: 'bytes=2-5' }, TAG, 10), whole))

test('an empty file has no part', (t) => {
  for (const range of ['bytes=0-', 'bytes=0-5', 'bytes=-5']) {
    t.deepEqual(partOf('GET', { range }, TAG, 0), { status: 416 }, range)
  }
})
