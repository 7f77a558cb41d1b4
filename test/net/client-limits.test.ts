import test from 'ava'
import { ClientCount } from '../../src/net/client-limits.ts'
import { ip } from '../support/values.ts'

const ONE = ip('10.77.0.10')
const OTHER = ip('10.77.0.11')

/** How many a client may begin, of so many tries. */
function admitted(count: ClientCount, client: typeof ONE, tries: number): number {
  return Array.from({ length: tries }, () => count.enter(client)).filter((why) => why === undefined).length
}

test('a client has its limit, and its neighbours have theirs', (t) => {
  const count = new ClientCount({ perClient: 3, total: 100 })
  t.is(admitted(count, ONE, 5), 3)
  t.is(count.enter(ONE), '10.77.0.10 has 3 already, and may have no more')
  t.is(admitted(count, OTHER, 5), 3)
  t.is(count.total, 6)
})

test('all together have a limit', (t) => {
  const count = new ClientCount({ perClient: 3, total: 4 })
  t.is(admitted(count, ONE, 3), 3)
  t.is(admitted(count, OTHER, 3), 1)
  t.is(count.enter(OTHER), 'there are 4 already, and may be no more')
})

test('what has ended makes room, once', (t) => {
  const count = new ClientCount({ perClient: 1, total: 10 })
  t.is(admitted(count, ONE, 1), 1)
  count.leave(ONE)
  count.leave(ONE)
  t.is(count.total, 0)
  t.is(admitted(count, ONE, 2), 1)
})

for (const [rule, perClient, client, expected] of [
  ['a client has 64 unless told otherwise', undefined, ONE, 64],
  ['clients on loopback are not told apart, and have no limit', undefined, ip('127.0.0.1'), 100],
  ['but one that is set', 8, ip('127.0.0.1'), 8]
] as const) {
  test(rule, (t) => t.is(admitted(new ClientCount({ perClient, total: 1000 }), client, 100), expected))
}
