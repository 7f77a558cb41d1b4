import test from 'ava'
import { Waiting } from '../../src/tftp/waiting.ts'

/** A poller on a clock of its own, whose events come so many microseconds after it is first asked for them. */
function playing() {
  let now = 0
  let dueAt = 0
  const calls = { looks: 0, sleeps: 0 }
  const poller = {
    wait(milliseconds: number) {
      if (milliseconds === 0) {
        calls.looks += 1
        now += 0.001
      } else {
        calls.sleeps += 1
        now = Math.max(now, dueAt)
      }
      return now >= dueAt ? 1 : 0
    }
  }
  const waiting = new Waiting(poller, () => now)
  return {
    calls,
    waitFor(microseconds: number, times: number) {
      Object.assign(calls, { looks: 0, sleeps: 0 })
      for (let count = 0; count < times; count += 1) {
        dueAt = now + microseconds / 1000
        if (waiting.wait(10) !== 1) throw new Error('it gave up before there was something')
      }
      return { ...calls }
    }
  }
}

test('it sleeps until waits have been short for a while, then it looks again and again', (t) => {
  const { waitFor } = playing()
  const first = waitFor(10, 100)
  t.true(first.sleeps > 5 && first.sleeps < 40, `${first.sleeps} sleeps`)
  t.deepEqual(waitFor(10, 100).sleeps, 0)
})

test('a client that answers later costs no looks', (t) => {
  const { waitFor } = playing()
  waitFor(10, 100)
  waitFor(200, 20)
  t.deepEqual(waitFor(200, 100), { looks: 0, sleeps: 100 })
})

test('what waits already is taken without a look at what was before', (t) => {
  const { waitFor } = playing()
  t.deepEqual(waitFor(0, 3), { looks: 0, sleeps: 3 })
})
