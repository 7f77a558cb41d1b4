import test from 'ava'
import { vendors } from '../../../src/net/options/vendors.ts'
import { bytesOf, fromHex, holds, malformed, refused } from './forms.ts'

// RFC 3925, section 4.
holds(vendors, {
  value: new Map([
    [343, fromHex('0102ff')],
    [4491, fromHex('')]
  ]),
  // Intel's number, 3 bytes of data; CableLabs', none.
  bytes: bytesOf(0, 0, 0x01, 0x57, 3, 1, 2, 0xff, 0, 0, 0x11, 0x8b, 0),
  json: { 343: '0x0102ff', 4491: '0x' },
  also: [{ '0343': '01:02:ff', '04491': '0x' }]
})
// Nothing; half a number; no length; data that is cut off; a number that is there twice (RFC 3925, section 4).
malformed(vendors, '', '0000', '00000157', '00000157 02 00', '00000157 00 00000157 00')
refused(
  vendors,
  [{}, 'must have at least one enterprise number'],
  ['0x00', 'must be hex by enterprise number, like {"343": "0x0102"}, not "0x00"'],
  [{ intel: '0x00' }, 'intel.enterprise: must be a whole number from 0 to 4294967295, not "intel"'],
  [{ 343: 1 }, '343.data: must be hex in quotes like "0x0a0b0c", not 1'],
  [{ 343: `0x${'00'.repeat(256)}` }, '343.data: has 256 bytes; there is room for 255']
)

test('data that has no room is not cut', (t) => {
  t.throws(() => vendors.write(new Map([[343, new Uint8Array(256)]])), { instanceOf: RangeError })
})
