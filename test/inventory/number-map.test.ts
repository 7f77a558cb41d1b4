import test from 'ava'
import fc from 'fast-check'
import { NumberMap } from '../../src/inventory/number-map.ts'

/** Few neighbours, so that they meet again and again, and the largest numbers. */
const key = fc.oneof(
  fc.nat(40),
  fc.nat(40).map((low) => 2 ** 48 - 1 - low),
  fc.constantFrom(2 ** 32, 2 ** 31, 2 ** 53 - 1)
)

test('whatever is set and deleted: as a Map has it', (t) => {
  const step = fc.oneof(fc.record({ set: key, value: fc.nat() }), fc.record({ delete: key }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const map = new NumberMap<number>()
      const model = new Map<number, number>()
      for (const each of steps) {
        if ('set' in each) {
          map.set(each.set, each.value)
          model.set(each.set, each.value)
        } else {
          map.delete(each.delete)
          model.delete(each.delete)
        }
        t.is(map.size, model.size)
      }
      for (const each of steps) {
        const one = 'set' in each ? each.set : each.delete
        t.is(map.get(one), model.get(one))
        t.is(map.has(one), model.has(one))
      }
    })
  )
})

test('a hundred thousand neighbours are found, and those that are left when every second one is gone', (t) => {
  const map = new NumberMap<number>()
  const first = 0x0a000000
  for (let number = 0; number < 100_000; number += 1) map.set(first + number, number)
  for (let number = 0; number < 100_000; number += 2) map.delete(first + number)
  t.is(map.size, 50_000)
  for (let number = 0; number < 100_000; number += 1) {
    if (map.get(first + number) !== (number % 2 === 0 ? undefined : number)) t.fail(String(number))
  }
})
