import test from 'ava'
import { text } from '../../../src/net/options/text.ts'
import { fromHex, holds, malformed, refused } from './forms.ts'

holds(text, { value: 'node-1', bytes: fromHex('6e6f64652d31'), json: 'node-1' })
malformed(text, '', '00', '0000')
refused(
  text,
  ['', 'must be text of printable ASCII characters, not ""'],
  [12, 'must be text of printable ASCII characters, not 12'],
  ['a\nb', 'must be text of printable ASCII characters, not "a\\nb"'],
  ['münchen', 'must be text of printable ASCII characters, not "münchen"'],
  ['é'.repeat(80), `must be text of printable ASCII characters, not "${'é'.repeat(59)}…`]
)

test('RFC 2132, section 2: zeros at the end are no part of a text', (t) => {
  t.is(text.read(fromHex('6e31 0000')), 'n1')
  t.is(text.read(fromHex('6e00 31')), 'n\u00001')
})

test('what could steer a terminal is shown, not sent', (t) => {
  t.is(text.print(text.read(fromHex('61 1b 5b 324a 9b 0a'))), 'a\\x1b[2J\\x9b\\x0a')
})

test('only its own bytes are read of a larger memory', (t) => {
  t.is(text.read(fromHex('6161 6e31 0000 6262').subarray(2, 6)), 'n1')
})
