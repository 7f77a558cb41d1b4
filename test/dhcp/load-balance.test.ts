import test from 'ava'
import fc from 'fast-check'
import { bucketOf } from '../../src/dhcp/load-balance.ts'
import { fromHex } from './vectors.ts'

/** What the C code of RFC 3074, section 6, makes of these. */
for (const [key, bucket] of [
  ['', 0],
  ['000000000000', 254],
  ['ffffffffffff', 79],
  ['525400000001', 149],
  ['52540000000a', 121],
  ['5254000000ff', 102],
  ['001122334455', 135],
  ['0a0b0c0d0e0f', 31],
  ['00e04c680001', 40]
] as const) {
  test(`RFC 3074, 6: ${key || 'nothing'} is in bucket ${bucket}`, (t) => {
    t.is(bucketOf(fromHex(key)), bucket)
  })
}

test("RFC 3074, 6: 65,536 addresses in a row are in the buckets that the RFC's code puts them in", (t) => {
  let sum = 0
  for (let number = 0; number < 65_536; number += 1) {
    sum = (Math.imul(sum, 31) + bucketOf(Uint8Array.of(0x52, 0x54, 0, 0, number >> 8, number))) >>> 0
  }
  t.is(sum, 256_573_440)
})

const prefix = fc.uint8Array({ minLength: 5, maxLength: 5 })

test('a bucket is a whole number from 0 to 255, the same each time, whatever the address', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 16 }), (chaddr) => {
      const bucket = bucketOf(chaddr)
      return Number.isInteger(bucket) && bucket >= 0 && bucket <= 255 && bucketOf(chaddr.slice()) === bucket
    })
  )
  t.pass()
})

test('a byte that goes through all its values goes through all buckets: a rack of one make is split evenly', (t) => {
  fc.assert(
    fc.property(prefix, fc.nat(5), (others, at) => {
      const buckets = Array.from({ length: 256 }, (_, value) =>
        bucketOf(Uint8Array.of(...others.slice(0, at), value, ...others.slice(at)))
      )
      return new Set(buckets).size === 256
    })
  )
  t.pass()
})
