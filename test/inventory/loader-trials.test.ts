import test from 'ava'
import fc from 'fast-check'
import { mergeTrials, type Trials, UNTRIED, withIpxe, withRefusal } from '../../src/inventory/loader-trials.ts'

/** Whatever may come about: by refusals and by iPXE's coming, in any order. */
const trials: fc.Arbitrary<Trials> = fc
  .array(fc.record({ at: fc.integer({ min: 1, max: 12 }), ipxe: fc.boolean() }), { maxLength: 8 })
  .map((seen) => seen.reduce((now, { at, ipxe }) => (ipxe ? withIpxe(now, at) : withRefusal(now, at)), UNTRIED))

test('merging is commutative, associative and idempotent, whatever was seen where', (t) => {
  fc.assert(
    fc.property(trials, trials, trials, (a, b, c) => {
      t.deepEqual(mergeTrials(a, b), mergeTrials(b, a))
      t.deepEqual(mergeTrials(mergeTrials(a, b), c), mergeTrials(a, mergeTrials(b, c)))
      t.deepEqual(mergeTrials(a, a), a)
      t.deepEqual(mergeTrials(a, UNTRIED), a)
    }),
    { numRuns: 2000 }
  )
})

test('refusals that two instances saw count together, one that both saw once', (t) => {
  const [a, b] = [withRefusal(UNTRIED, 100), withRefusal(withRefusal(UNTRIED, 100), 300)]
  t.deepEqual(mergeTrials(a, b).refusedAt, [100, 300])
})

test('iPXE that either saw ends what came before it, and nothing that came after', (t) => {
  const refused = [100, 200, 300].reduce(withRefusal, UNTRIED)
  t.deepEqual(mergeTrials(refused, withIpxe(UNTRIED, 200)), { refusedAt: [300], ipxeAt: 200 })
  t.deepEqual(withRefusal(withIpxe(UNTRIED, 200), 150), { refusedAt: [], ipxeAt: 200 })
})

test('a machine that refuses for years is remembered by its latest refusals', (t) => {
  const refused = Array.from({ length: 50 }, (_, index) => index + 1).reduce(withRefusal, UNTRIED)
  t.deepEqual(refused.refusedAt, [47, 48, 49, 50])
})
