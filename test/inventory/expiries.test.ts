import test from 'ava'
import fc from 'fast-check'
import { Expiries } from '../../src/inventory/expiries.ts'

test('whatever is added and taken: the first to end comes first, each once, and nothing before it has ended', (t) => {
  const step = fc.oneof(
    fc.record({ add: fc.nat(20), end: fc.nat(50) }),
    fc.record({ take: fc.integer({ min: -1, max: 50 }) })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const expiries = new Expiries()
      const left = new Map<number, number>()
      for (const each of steps) {
        if ('add' in each) {
          expiries.add(each.add, each.end)
          left.set(each.add, Math.min(each.end, left.get(each.add) ?? each.end))
        } else {
          const first = Math.min(...left.values())
          const taken = expiries.take(each.take)
          t.is(taken !== undefined, first <= each.take)
          if (taken === undefined) continue
          t.is(left.get(taken), first)
          left.delete(taken)
        }
        t.is(expiries.size, left.size)
      }
    })
  )
})

test('what ends at one time comes whole, each thing once', (t) => {
  const expiries = new Expiries()
  for (let thing = 0; thing < 5; thing += 1) expiries.add(thing, 7)
  t.is(expiries.take(6), undefined)
  const taken = Array.from({ length: 5 }, () => expiries.take(7))
  t.deepEqual(taken.sort(), [0, 1, 2, 3, 4])
  t.is(expiries.take(7), undefined)
})

test('a hundred thousand come in order, be they added last first', (t) => {
  const expiries = new Expiries()
  for (let end = 100_000; end > 0; end -= 1) expiries.add(end, end)
  for (let end = 1; end <= 100_000; end += 1) if (expiries.take(100_000) !== end) t.fail(`not ${end}`)
  t.is(expiries.size, 0)
})
