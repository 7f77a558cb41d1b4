import test from 'ava'
import { play, shrink, storyOf } from './play.ts'

const AT_ONCE = 250

/** Tests that play schedules from a seed on; one that goes wrong is told as a story. */
export function playMany(from: number, count: number): void {
  for (let first = from; first < from + count; first += AT_ONCE) {
    test(`nothing goes wrong in the schedules ${first} to ${first + AT_ONCE - 1}`, async (t) => {
      t.timeout(600_000)
      for (let seed = first; seed < first + AT_ONCE; seed += 1) {
        const failure = await play(seed)
        if (failure) t.fail(storyOf(await shrink(failure)))
      }
      t.pass()
    })
  }
}
