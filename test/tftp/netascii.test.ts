import test from 'ava'
import fc from 'fast-check'
import { netascii } from '../../src/tftp/netascii.ts'
import { bytesSource, SourceFailed } from '../../src/tftp/source.ts'

const converted = (text: Uint8Array) => {
  const source = netascii(bytesSource('text', text))
  const bytes = new Uint8Array(source.size)
  source.read(0, bytes)
  return bytes
}

for (const [text, sent] of [
  ['', ''],
  ['one line\n', 'one line\r\n'],
  ['\n\n', '\r\n\r\n'],
  ['a\rb', 'a\r\0b'],
  ['dos\r\n', 'dos\r\0\r\n'],
  ['äöü', 'äöü']
] as const) {
  test(`${JSON.stringify(text)} is sent as ${JSON.stringify(sent)}`, (t) => {
    t.is(Buffer.from(converted(Buffer.from(text))).toString(), sent)
  })
}

test('any part is that part of the whole, also across the places that are looked up', (t) => {
  const text = Uint8Array.from({ length: 200_000 }, (_, index) => (index % 3 === 0 ? 10 : index % 7 === 0 ? 13 : 65))
  const whole = converted(text)
  const source = netascii(bytesSource('text', text))
  fc.assert(
    fc.property(fc.nat(whole.length), fc.nat(70_000), (offset, length) => {
      const part = new Uint8Array(Math.min(length, whole.length - offset))
      source.read(offset, part)
      t.true(Buffer.from(part).equals(whole.subarray(offset, offset + part.length)))
    })
  )
})

test('what is too long for a text is refused', (t) => {
  const long = { ...bytesSource('long', new Uint8Array(0)), size: (16 << 20) + 1 }
  t.throws(() => netascii(long), {
    instanceOf: SourceFailed,
    message: /mode netascii is for texts of up to 16777216 bytes/
  })
})
