import test from 'ava'
import fc from 'fast-check'
import { isStationMac, type Mac, macFromBytes, macToBytes, parseMac } from '../../src/net/mac.ts'

const CANONICAL = '52:54:00:00:ab:0a'

for (const text of [CANONICAL, '52-54-00-00-AB-0A', '5254.0000.ab0a', '52540000ab0a', '52:54:00:00:AB:0a']) {
  test(`reads ${text}`, (t) => t.is(parseMac(text), CANONICAL as Mac))
}

for (const text of [
  '',
  '52:54:00:00:ab',
  `${CANONICAL}:00`,
  '52:54:00:00:ab:0g',
  ' 52:54:00:00:ab:0a',
  '52::54:00:00:ab:0a'
]) {
  test(`refuses "${text}", and names it`, (t) => {
    t.throws(() => parseMac(text), { instanceOf: TypeError, message: new RegExp(`^"${text}" is not a MAC address`) })
  })
}

test('bytes and text are the same address', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      t.deepEqual(macToBytes(macFromBytes(bytes)), bytes)
      t.is(parseMac(macFromBytes(bytes)), macFromBytes(bytes))
    })
  )
})

test('longer fields give their first six bytes', (t) => {
  t.is(macFromBytes(Uint8Array.of(0x52, 0x54, 0, 0, 0xab, 0x0a, 1, 2)), CANONICAL as Mac)
})

for (const [mac, station] of [
  [CANONICAL, true],
  ['00:00:00:00:00:01', true],
  ['00:00:00:00:00:00', false],
  ['ff:ff:ff:ff:ff:ff', false],
  ['01:00:5e:00:00:01', false]
] as const) {
  test(`${mac} can${station ? '' : "'t"} be a machine's own`, (t) => t.is(isStationMac(mac as Mac), station))
}
