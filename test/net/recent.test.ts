import test from 'ava'
import fc from 'fast-check'
import { RecentTexts } from '../../src/net/recent.ts'

test('a text is always that of its number, however many numbers there are', (t) => {
  const texts = new RecentTexts(String)
  const number = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 2 ** 48 - 1 }))
  fc.assert(fc.property(number, (value) => t.is(texts.of(value), String(value))))
})

test('a text that was written lately is not written again', (t) => {
  let written = 0
  const texts = new RecentTexts((value) => {
    written += 1
    return String(value)
  })
  for (const value of [0, 1, 0, 1, 2 ** 40, 2 ** 40]) texts.of(value)
  t.is(written, 3)
})
