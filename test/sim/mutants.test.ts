import test from 'ava'
import { MUTANTS } from './mutants.ts'
import { play } from './play.ts'

/** Seeds whose schedules find each mutant out; random ones hit some of them once in a thousand. */
const CAUGHT_BY: Record<string, readonly number[]> = {
  'asynchronous acknowledgement': [1, 4, 5],
  'no address shares': [21, 32, 39],
  'reuse of expired addresses in COMM_INT': [654],
  'no MCLT': [66],
  'PARTNER_DOWN without waiting': [295, 419],
  'a stale instance made sole without waiting': [877],
  'allocation by an isolated restarted instance': [106, 188, 200],
  'unbounded renewal by one': [66],
  'endless autonomy': [1411],
  'an installer without the disk guard': [16, 34, 35]
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
