import test from 'ava'
import { ContactLog } from '../../src/pair/contact.ts'

function two() {
  const [a, b] = [new ContactLog('run-a'), new ContactLog('run-b')]
  /** Both send a beat, and hear each other's. */
  const exchange = (now: number, path: 'link' | 'network' = 'network') => {
    b.take(a.next(now), path, now)
    a.take(b.next(now), path, now)
  }
  return { a, b, exchange }
}

test('what is heard counts, and what is answered counts from when it was sent', (t) => {
  const { a, exchange } = two()
  exchange(100)
  exchange(200)
  t.is(a.heardAt('network'), 200)
  t.is(a.answeredAt('network'), 200)
  t.deepEqual(a.contact(0), { agreedUntil: 0, heardAt: 200, confirmedAt: 200 })
})

test('what both agreed on is said by the link alone: only there all that came before is known', (t) => {
  const { a, exchange } = two()
  exchange(100, 'link')
  exchange(200)
  t.deepEqual(a.contact(0), { agreedUntil: 100, heardAt: 200, confirmedAt: 200 })
})

test('a path that is cut one way is heard, and not answered', (t) => {
  const { a, b, exchange } = two()
  exchange(100)
  for (const now of [200, 300, 400]) {
    a.next(now)
    a.take(b.next(now), 'network', now)
  }
  t.is(a.heardAt('network'), 400)
  t.is(a.contact(0).confirmedAt, 100)
})

test('an answer to a beat of long ago is none', (t) => {
  const { a, b } = two()
  b.take(a.next(0), 'network', 0)
  for (let beat = 1; beat <= 64; beat += 1) a.next(beat)
  a.take(b.next(100), 'network', 100)
  t.is(a.answeredAt('network'), 0)
})

test('recorded beats tell nothing: of this run the number is old, of an earlier one the run is', (t) => {
  const { a, b, exchange } = two()
  const recorded = b.next(0)
  exchange(100)
  t.false(a.take(recorded, 'network', 5000))
  t.is(a.heardAt('network'), 100)
  const next = new ContactLog('run-b2')
  a.take(next.next(200), 'network', 200)
  t.false(a.take({ ...recorded, number: 99 }, 'network', 5000))
  t.is(a.heardAt('network'), 200)
})

test('the same beat that comes by both paths tells that both work', (t) => {
  const { a, b, exchange } = two()
  exchange(100)
  const beat = b.next(200)
  t.true(a.take(beat, 'network', 200))
  t.false(a.take(beat, 'link', 201))
  t.is(a.heardAt('link'), 201)
})
