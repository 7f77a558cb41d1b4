import test from 'ava'
import fc from 'fast-check'
import { concat, MalformedBytes, Reader, Writer } from '../../src/net/bytes.ts'

test('numbers are in network order, read as they were written', (t) => {
  const bytes = new Writer().uint8(0xfe).uint16(0xfedc).uint32(0xfedcba98).zeros(2).finish()
  t.deepEqual(Array.from(bytes), [0xfe, 0xfe, 0xdc, 0xfe, 0xdc, 0xba, 0x98, 0, 0])
  const reader = new Reader(bytes)
  t.deepEqual([reader.uint8(), reader.uint16(), reader.uint32()], [0xfe, 0xfedc, 0xfedcba98])
  t.is(reader.remaining, 2)
})

for (const [taken, method] of [
  [3, 'uint8'],
  [2, 'uint16'],
  [0, 'uint32']
] as const) {
  test(`${method} of ${3 - taken} bytes is refused`, (t) => {
    const reader = new Reader(Uint8Array.of(1, 2, 3))
    reader.bytes(taken)
    t.throws(() => reader[method](), { instanceOf: MalformedBytes })
  })
}

test('reading past the end reads nothing', (t) => {
  const reader = new Reader(Uint8Array.of(1, 2, 3))
  t.throws(() => reader.uint32(), { message: '4 bytes wanted, 3 left' })
  t.is(reader.remaining, 3)
})

test('a value must be used up exactly', (t) => {
  const reader = new Reader(Uint8Array.of(1, 2, 3))
  reader.uint16()
  t.throws(() => reader.end(), { instanceOf: MalformedBytes, message: '1 bytes too many' })
  reader.uint8()
  t.notThrows(() => reader.end())
})

test('what a reader of a Buffer hands out are views of it, not Buffers', (t) => {
  const buffer = Buffer.from([1, 2, 3])
  const view = new Reader(buffer.subarray(1)).bytes(2)
  t.deepEqual(view, Uint8Array.of(2, 3))
  buffer[1] = 9
  t.is(view[0], 9)
})

test('a writer grows, and what it gave away stays', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 700 })), (parts) => {
      const writer = new Writer()
      for (const part of parts) writer.bytes(part)
      const first = writer.finish()
      writer.uint8(255)
      const whole = Uint8Array.from(parts.flatMap((part) => Array.from(part)))
      t.deepEqual(first, whole)
      t.deepEqual(concat(parts), whole)
      t.is(writer.length, whole.length + 1)
    })
  )
})
