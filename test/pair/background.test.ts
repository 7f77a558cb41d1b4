import test from 'ava'
import { Background } from '../../src/pair/background.ts'
import { eventually } from '../daemon/eventually.ts'

/** Work whose runs end when the test says so. */
function held() {
  const ends: ((isDone: boolean) => void)[] = []
  let runs = 0
  const background = new Background(() => {
    runs += 1
    return new Promise((resolve) => ends.push(resolve))
  })
  return { background, runs: () => runs, end: (isDone = true) => ends.shift()?.(isDone) }
}

test('one run at a time; asked for meanwhile, however often, it runs once more', async (t) => {
  const { background, runs, end } = held()
  for (let asked = 0; asked < 3; asked += 1) background.run()
  t.is(runs(), 1)
  end()
  await eventually(t, (tt) => tt.is(runs(), 2))
  end()
  await new Promise((resolve) => setImmediate(resolve))
  t.is(runs(), 2)
  background.run()
  t.is(runs(), 3)
})

test('once closed nothing runs any more', async (t) => {
  const { background, runs, end } = held()
  background.run()
  background.run()
  background.close()
  end(false)
  await new Promise((resolve) => setImmediate(resolve))
  background.run()
  t.is(runs(), 1)
  t.true(background.isClosed)
})

test.serial('what failed is tried again after a pause that doubles up to five minutes', async (t) => {
  const pauses: number[] = []
  const { setTimeout } = globalThis
  t.teardown(() => {
    globalThis.setTimeout = setTimeout
  })
  globalThis.setTimeout = ((action: () => void, pause: number) => {
    pauses.push(pause)
    const timer = setTimeout(action, 0)
    timer.unref = () => timer
    return timer
  }) as typeof globalThis.setTimeout
  let left = 9
  const done = Promise.withResolvers<void>()
  const background = new Background(async () => {
    left -= 1
    if (left === 0) done.resolve()
    return left === 0
  })
  background.run()
  await done.promise
  t.deepEqual(
    pauses,
    [5, 10, 20, 40, 80, 160, 300, 300].map((seconds) => seconds * 1000)
  )
})
