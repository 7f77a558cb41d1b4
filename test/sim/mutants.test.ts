import test from 'ava'
import { MUTANTS } from './mutants.ts'
import { play } from './play.ts'

/** Seeds whose schedules find each mutant out; random ones hit some of them once in a thousand. */
const CAUGHT_BY: Record<string, readonly number[]> = {
  'asynchronous acknowledgement': [1, 4, 5],
  'no address shares': [16, 32, 38],
  'reuse of expired addresses in COMM_INT': [624, 3205],
  'no MCLT': [927, 2671],
  'PARTNER_DOWN without waiting': [541, 927],
  'a stale instance made sole without waiting': [1614],
  'allocation by an isolated restarted instance': [92, 119, 162],
  'unbounded renewal by one': [927, 2671],
  'endless autonomy': [3667]
}

for (const [name, faults] of Object.entries(MUTANTS)) {
  const seeds = CAUGHT_BY[name] ?? []
  test(`${name} is found out, by the seeds ${seeds.join(', ')}`, async (t) => {
    t.not(seeds.length, 0)
    for (const seed of seeds) {
      t.truthy(await play(seed, faults), `seed ${seed}`)
      t.is(await play(seed), undefined, `with the right rules nothing goes wrong, seed ${seed}`)
    }
  })
}
