import { bytes, textOrHex } from '../../../src/net/options/hex.ts'
import { bytesOf, fromHex, holds, refused } from './forms.ts'

holds(bytes, {
  value: fromHex('0a0b0c'),
  bytes: fromHex('0a0b0c'),
  json: '0x0a0b0c',
  also: ['0a0b0c', '0X0A0B0C', '0a:0b:0c', '0A:0B:0C']
})
holds(bytes, { value: fromHex(''), bytes: fromHex(''), json: '0x' })
refused(
  bytes,
  ['', 'must be hex in quotes like "0x0a0b0c", not ""'],
  ['0x0a0', 'must be hex in quotes like "0x0a0b0c", not "0x0a0"'],
  ['0a:0b:', 'must be hex in quotes like "0x0a0b0c", not "0a:0b:"'],
  ['0a:0b0c', 'must be hex in quotes like "0x0a0b0c", not "0a:0b0c"'],
  ['0x0g', 'must be hex in quotes like "0x0a0b0c", not "0x0g"'],
  // YAML makes a number of 0x0a0b without quotes.
  [2571, 'must be hex in quotes like "0x0a0b0c", not 2571']
)

holds(textOrHex, { value: bytesOf('br1'), bytes: bytesOf('br1'), json: 'br1', also: ['0x627231'] })
holds(textOrHex, { value: fromHex('000401'), bytes: fromHex('000401'), json: '0x000401' })
// Text that would read as hex.
holds(textOrHex, { value: bytesOf('0x00'), bytes: bytesOf('0x00'), json: '0x30783030' })
holds(textOrHex, { value: fromHex(''), bytes: fromHex(''), json: '0x' })
refused(
  textOrHex,
  [7, 'must be text, or hex in quotes like "0x0a0b0c", not 7'],
  ['0x0', 'must be hex in quotes like "0x0a0b0c", not "0x0"']
)
