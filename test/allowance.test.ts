import test from 'ava'
import { Allowance } from '../src/allowance.ts'

function open() {
  const clock = { now: 1000 }
  const allowance = new Allowance({ atOnce: 5, aSecond: 2 }, () => clock.now)
  /** How many of so many are allowed. */
  const taken = (count: number) => Array.from({ length: count }, () => allowance.take()).filter(Boolean).length
  return { clock, taken }
}

test('so many at once, then so many a second', (t) => {
  const { clock, taken } = open()
  t.is(taken(10), 5)
  clock.now += 499
  t.is(taken(10), 0)
  clock.now += 1
  t.is(taken(10), 1)
  clock.now += 2000
  t.is(taken(10), 4)
})

test('after any pause there are so many at once, no more', (t) => {
  const { clock, taken } = open()
  clock.now += 1_000_000
  t.is(taken(10), 5)
})

test('parts of one add up, however often it is asked for', (t) => {
  const { clock, taken } = open()
  taken(5)
  let count = 0
  for (let asked = 0; asked < 1000; asked += 1) {
    clock.now += 10
    count += taken(1)
  }
  t.is(count, 20)
})

test('a clock that was set back takes nothing away, and time goes on from there', (t) => {
  const { clock, taken } = open()
  taken(4)
  clock.now -= 3_600_000
  t.is(taken(10), 1)
  clock.now += 1000
  t.is(taken(10), 2)
})
