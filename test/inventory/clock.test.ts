import test from 'ava'
import fc from 'fast-check'
import { HybridClock } from '../../src/inventory/clock.ts'
import { FakeClock } from '../support/clock.ts'

test('each stamp sorts after all before, whatever the wall clock does and however often it is started anew', (t) => {
  const step = fc.record({ seconds: fc.integer({ min: -7200, max: 7200 }), restart: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const wall = new FakeClock()
      let clock = new HybridClock(wall.now, '')
      let last = ''
      for (const { seconds, restart } of steps) {
        wall.advance(seconds)
        if (restart) clock = new HybridClock(wall.now, last)
        const stamp = clock.tick()
        t.true(stamp > last)
        t.regex(stamp, /^\d{13}\.\d{6}$/)
        last = stamp
      }
    })
  )
})

test('a stamp tells the wall time, while that goes on', (t) => {
  const wall = new FakeClock()
  const clock = new HybridClock(wall.now, '')
  t.is(clock.tick(), `${wall.time}.000000`)
  t.is(clock.tick(), `${wall.time}.000001`)
  wall.advance(1)
  t.is(clock.tick(), `${wall.time}.000000`)
})

test('the millionth stamp of a clock that was set back still sorts last', (t) => {
  const clock = new HybridClock(() => 0, '1700000000000.999999')
  t.is(clock.tick(), '1700000000001.000000')
})
