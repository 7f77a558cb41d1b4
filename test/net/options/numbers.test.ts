import { flag, int8, int32, present, uint8, uint8s, uint16, uint32 } from '../../../src/net/options/numbers.ts'
import { fromHex, holds, malformed, refused } from './forms.ts'

holds(uint8, { value: 5, bytes: fromHex('05'), json: 5 })
malformed(uint8, '', '0506')
refused(
  uint8,
  [256, 'must be a whole number from 0 to 255, not 256'],
  [-1, 'must be a whole number from 0 to 255, not -1'],
  [1.5, 'must be a whole number from 0 to 255, not 1.5'],
  ['5', 'must be a whole number from 0 to 255, not "5"'],
  [Number.NaN, 'must be a whole number from 0 to 255, not null'],
  [undefined, 'is missing; it must be a whole number from 0 to 255']
)
holds(uint8, { value: 0, bytes: fromHex('00'), json: 0, also: [-0] })

holds(int8, { value: -128, bytes: fromHex('80'), json: -128 })
holds(int8, { value: 127, bytes: fromHex('7f'), json: 127 })
malformed(int8, '', '0506')
refused(int8, [128, 'must be a whole number from -128 to 127, not 128'])

holds(uint16, { value: 9000, bytes: fromHex('2328'), json: 9000 })
malformed(uint16, '', '23', '232800')
refused(uint16, [65536, 'must be a whole number from 0 to 65535, not 65536'])

holds(uint32, { value: 3600, bytes: fromHex('00000e10'), json: 3600 })
holds(uint32, { value: 0xffffffff, bytes: fromHex('ffffffff'), json: 4294967295 })
malformed(uint32, '', '000e10', '0000000e10')
refused(uint32, [-1, 'must be a whole number from 0 to 4294967295, not -1'])

// Five hours west of Greenwich.
holds(int32, { value: -18000, bytes: fromHex('ffffb9b0'), json: -18000 })
malformed(int32, '', 'ffffb9')
refused(int32, [2147483648, 'must be a whole number from -2147483648 to 2147483647, not 2147483648'])

holds(uint8s, { value: [1, 3, 6], bytes: fromHex('010306'), json: [1, 3, 6] })
holds(uint8s, { value: [1], bytes: fromHex('01'), json: [1], also: [1] })
malformed(uint8s, '')
refused(uint8s, [[1, 256], '[1]: must be a whole number from 0 to 255, not 256'])

holds(flag, { value: true, bytes: fromHex('01'), json: true })
holds(flag, { value: false, bytes: fromHex('00'), json: false })
malformed(flag, '', '02', '0100')
refused(flag, [1, 'must be true or false, not 1'])

holds(present, { value: true, bytes: fromHex(''), json: true })
malformed(present, '01')
refused(present, [false, 'must be true, not false'])
