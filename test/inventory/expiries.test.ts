import test from 'ava'
import fc from 'fast-check'
import { Expiries, type Expiring } from '../../src/inventory/expiries.ts'

test('whatever is added and taken: the first to end comes first, and nothing before it has ended', (t) => {
  const step = fc.oneof(fc.record({ add: fc.nat(50) }), fc.record({ take: fc.nat(50) }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const expiries = new Expiries<Expiring>()
      let left: number[] = []
      for (const each of steps) {
        if ('add' in each) {
          expiries.add({ expiresAt: each.add })
          left = [...left, each.add].sort((a, b) => a - b)
        } else {
          const [first] = left
          const expected = first !== undefined && first <= each.take ? first : undefined
          if (expected !== undefined) left.shift()
          t.is(expiries.take(each.take)?.expiresAt, expected)
        }
        t.is(expiries.size, left.length)
      }
    })
  )
})

test('what ends at one time comes whole, each thing once', (t) => {
  const expiries = new Expiries<Expiring & { name: string }>()
  for (const name of ['a', 'b', 'c', 'd', 'e']) expiries.add({ expiresAt: 7, name })
  t.is(expiries.take(6), undefined)
  const taken = Array.from({ length: 5 }, () => expiries.take(7)?.name)
  t.deepEqual(taken.sort(), ['a', 'b', 'c', 'd', 'e'])
  t.is(expiries.take(7), undefined)
})

test('adding and taking one of a hundred thousand looks at few of them', (t) => {
  let looked = 0
  const ending = (at: number): Expiring => ({
    get expiresAt() {
      looked += 1
      return at
    }
  })
  const expiries = new Expiries<Expiring>()
  for (let at = 100_000; at > 0; at -= 1) expiries.add(ending(at))
  looked = 0
  expiries.add(ending(0))
  t.is(expiries.take(0)?.expiresAt, 0)
  t.is(expiries.take(0), undefined)
  // Two looks a level up, four a level down, of 17 levels.
  t.true(looked < 120, String(looked))
})
