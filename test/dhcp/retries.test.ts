import test from 'ava'
import fc from 'fast-check'
import { MOST_COUNTED, Retries } from '../../src/dhcp/retries.ts'
import { packet } from './vectors.ts'

const MINUTE = 60_000
const from = (number: number, xid = 1) =>
  packet({ xid, chaddr: Uint8Array.of(2, 0, number >> 24, number >> 16, number >> 8, number) })

function open() {
  const clock = { now: 1_000_000 }
  const retries = new Retries(() => clock.now)
  /** The runs' lengths, a packet each: after so many milliseconds, of the client, at the stage, in the transaction. */
  const count = (...sent: readonly (readonly [after: number, client?: number, stage?: string, xid?: number])[]) =>
    sent.map(([after, client = 1, stage = 'DISCOVER', xid = 1]) => {
      clock.now += after
      return retries.count(from(client, xid), stage, MINUTE)
    })
  return { clock, retries, count }
}

for (const [rule, sent, runs] of [
  ["a client's packets are counted to three", [[0], [4000], [8000], [16_000]], [1, 2, 3, 3]],
  ['EDK2 takes another transaction each time', [[0], [4000, 1, 'DISCOVER', 2], [8000, 1, 'DISCOVER', 3]], [1, 2, 3]],
  ['one that comes by two relay agents is one', [[0], [3], [1000], [499], [1]], [1, 1, 2, 2, 3]],
  ['another transaction is no copy, however quickly it follows', [[0], [3, 1, 'DISCOVER', 2]], [1, 2]],
  ['another stage is no copy, and begins anew', [[0], [3, 1, 'INFORM'], [600, 1, 'INFORM'], [600]], [1, 1, 2, 1]],
  ['what comes later than that is no retry', [[0], [MINUTE], [MINUTE + 1]], [1, 2, 1]],
  ['clients are counted each for itself', [[0], [1000, 2], [1000], [1000, 2], [1000]], [1, 1, 2, 2, 3]]
] as const) {
  test(rule, (t) => {
    t.deepEqual(open().count(...sent), [...runs])
  })
}

test('a run ends, and tells how long it was', (t) => {
  const { retries, count } = open()
  t.is(retries.end(from(1)), 0)
  count([0], [1000], [1000, 2])
  t.is(retries.end(from(1)), 2)
  t.is(retries.end(from(1)), 0)
  t.deepEqual(count([1000], [1000, 2]), [1, 2])
})

test('a run may begin at more than one', (t) => {
  const { clock, retries } = open()
  t.is(retries.count(from(1), 'selecting', MINUTE, 3), 3)
  clock.now += 1000
  t.is(retries.count(from(1), 'selecting', MINUTE, 1), 3)
})

test('without an end to patience, one that asks once a day is counted', (t) => {
  const { clock, retries } = open()
  for (const run of [1, 2, 3]) {
    t.is(retries.count(from(1), 'DISCOVER', Number.POSITIVE_INFINITY), run)
    clock.now += 86_400_000
  }
})

test('who makes up clients pushes out none that was there in the last minute: those that find no room are answered', (t) => {
  const { clock, retries, count } = open()
  const [known] = count([0])
  t.is(known, 1)
  const runs = Array.from({ length: 4 * MOST_COUNTED }, (_, number) => count([0, number + 2])[0])
  const refused = runs.filter((run) => run === 3).length
  t.true(refused >= 3 * MOST_COUNTED, String(refused))
  t.is(runs.length - refused, runs.filter((run) => run === 1).length)
  t.deepEqual(count([1000], [1000]), [2, 3])
  clock.now += 2 * MINUTE
  t.is(retries.count(from(9_999_999), 'DISCOVER', MINUTE), 1, 'the flood has made room')
})

test('a large site that powers on at once is counted: of 8,000 clients a few find no room', (t) => {
  const { count } = open()
  const uncounted = Array.from({ length: 8000 }, (_, number) => count([0, number])[0]).filter((run) => run === 3)
  t.true(uncounted.length < 300, String(uncounted.length))
})

test('whatever comes and goes, a client among others is counted as if it were alone', (t) => {
  const sent = fc.record({
    client: fc.nat(40),
    after: fc.nat(30_000),
    ends: fc.boolean(),
    stage: fc.constantFrom('a', 'b')
  })
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 200 }), (all) => {
      const { clock, retries } = open()
      const alone = new Map<number, Retries>()
      for (const [index, { client, after, ends, stage }] of all.entries()) {
        clock.now += after
        const own = alone.get(client) ?? new Retries(() => clock.now)
        alone.set(client, own)
        const run = (of: Retries) => (ends ? of.end(from(client)) : of.count(from(client, index), stage, MINUTE))
        if (run(retries) !== run(own)) return false
      }
      return true
    }),
    { numRuns: 20 }
  )
  t.pass()
})
