import test from 'ava'
import { userClasses } from '../../../src/net/options/user-class.ts'
import { bytesOf, fromHex, holds, malformed, refused } from './forms.ts'

// RFC 3004, section 4: each class after its length.
holds(userClasses, {
  value: ['iPXE', 'lab'],
  bytes: bytesOf(4, 'iPXE', 3, 'lab'),
  json: ['iPXE', 'lab']
})

for (const [sender, bytes, classes] of [
  ['iPXE', bytesOf('iPXE'), ['iPXE']],
  ["a length that doesn't fit", bytesOf(5, 'iPXE'), ['\x05iPXE']],
  ['a class of no length', bytesOf(0, 4, 'iPXE'), ['\x00\x04iPXE']]
] as const) {
  test(`a value that is not in RFC 3004's form is one class: ${sender}`, (t) => {
    t.deepEqual(userClasses.read(bytes), [...classes])
  })
}

test('a class that has no room is not cut', (t) => {
  t.throws(() => userClasses.write(['a'.repeat(256)]), { instanceOf: RangeError })
})

malformed(userClasses, '', '00', '0100')
refused(
  userClasses,
  [['a'.repeat(256)], '[0]: has 256 bytes; there is room for 255'],
  [[], 'must be a list of at least one, not []']
)
holds(userClasses, { value: ['a'], bytes: fromHex('0161'), json: ['a'], also: ['a'] })
