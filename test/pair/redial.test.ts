import test from 'ava'
import { Redial } from '../../src/pair/redial.ts'

test('a link that flaps is tried less and less often, one that was lost now and then at once', (t) => {
  const redial = new Redial()
  t.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((second) => redial.lost(second * 1000)),
    [0, 0, 0, 500, 1000, 2000, 4000, 8000, 16_000, 20_000]
  )
  t.is(redial.lost(200_000), 0)
})
