import test from 'ava'
import { Remembered } from '../../src/boot/remembered.ts'

/** What is made of a basis is its number. */
function counting() {
  const remembered = new Remembered<number>()
  let made = 0
  return (key: string, ...basis: unknown[]) => remembered.of(key, basis, () => ++made)
}

test('a value is made once of the same things, and anew of others', (t) => {
  const of = counting()
  const [a, b] = [{ x: 1 }, { x: 1 }]
  t.deepEqual([of('k', a, 1), of('k', a, 1), of('k', b, 1), of('k', b, 2), of('k', b, 2)], [1, 1, 2, 3, 3])
  t.is(of('k', a, 1), 4, 'what was before the last one is not remembered')
})

test('one key tells nothing of another', (t) => {
  const of = counting()
  t.deepEqual([of('k', 1), of('l', 1), of('k', 1)], [1, 2, 1])
})

test('what could not be made is not remembered', (t) => {
  const remembered = new Remembered<number>()
  const fail = () => {
    throw new Error('no')
  }
  t.throws(() => remembered.of('k', [1], fail))
  t.is(
    remembered.of('k', [1], () => 5),
    5
  )
})

test('of many keys the oldest is forgotten', (t) => {
  const of = counting()
  for (let key = 0; key <= 1024; key += 1) of(String(key))
  t.is(of('1024'), 1025)
  t.is(of('0'), 1026)
})
