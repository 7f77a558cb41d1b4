import test from 'ava'
import fc from 'fast-check'
import {
  advance,
  DISCOVERED,
  type Goal,
  generationText,
  type Life,
  mergeLife,
  nextGeneration,
  type Rank,
  REGISTERED,
  stateOf
} from '../../src/inventory/lifecycle.ts'

const goal = fc.constantFrom<Goal>('discover', 'local', 'install', 'retire')
const rank = fc.constantFrom<Rank>('requested', 'installing', 'failed', 'installed')
const life: fc.Arbitrary<Life> = fc.record({
  generation: fc.record(
    { counter: fc.nat(2), origin: fc.constantFrom('', 'a-1', 'b-2'), mark: fc.constantFrom('07', '6f') },
    { requiredKeys: ['counter', 'origin'] }
  ),
  goal,
  rank
})
const install = nextGeneration(REGISTERED, 'install', 'a-1')

test('merging is commutative, associative and idempotent, whatever was made where', (t) => {
  fc.assert(
    fc.property(life, life, life, (a, b, c) => {
      t.deepEqual(mergeLife(a, b), mergeLife(b, a))
      t.deepEqual(mergeLife(mergeLife(a, b), c), mergeLife(a, mergeLife(b, c)))
      t.is(mergeLife(a, a), a)
    }),
    { numRuns: 2000 }
  )
})

test('a generation never loses to an earlier one, however far that got', (t) => {
  fc.assert(
    fc.property(life, goal, rank, (before, aim, reached) => {
      const next = nextGeneration(before, aim, 'a-1')
      t.deepEqual(mergeLife(advance(before, reached), next), next)
      t.is(next.rank, 'requested')
    })
  )
})

for (const [index, reached] of (['requested', 'installing', 'failed', 'installed'] as const).entries()) {
  test(`a report raises the rank and never lowers it: at ${reached}`, (t) => {
    const at = advance(install, reached)
    const ranks = (['requested', 'installing', 'failed', 'installed'] as const).map((each) => advance(at, each).rank)
    const order = ['requested', 'installing', 'failed', 'installed'] as const
    t.deepEqual(ranks, [...Array(index).fill(reached), ...order.slice(index)])
    if (index > 0) t.is(advance(at, 'requested'), at)
  })
}

test('of two generations that were started apart, both sides keep the same', (t) => {
  const other = nextGeneration(REGISTERED, 'retire', 'b-2')
  t.is(mergeLife(install, other), other)
  t.is(mergeLife(other, advance(install, 'installed')), other)
})

test('registering a discovered machine wins over its discovery', (t) => {
  t.is(mergeLife(DISCOVERED, REGISTERED), REGISTERED)
})

test('people see the state', (t) => {
  t.deepEqual(
    [DISCOVERED, REGISTERED, install, advance(install, 'installing'), advance(install, 'failed')].map(stateOf),
    ['discovered', 'registered', 'install requested', 'installing', 'failed']
  )
  t.deepEqual([advance(install, 'installed'), nextGeneration(install, 'retire', 'a')].map(stateOf), [
    'installed',
    'retired'
  ])
  t.is(generationText(nextGeneration(install, 'local', 'a-9f2c').generation), '2-a-9f2c')
})
