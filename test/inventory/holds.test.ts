import test from 'ava'
import { Holds } from '../../src/inventory/holds.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { ip, mac } from '../support/values.ts'

const X = ip('10.77.0.100')
const Y = ip('10.77.0.101')
const Z = ip('10.77.0.102')
const [A, B] = [mac(1), mac(2)]

/** Addresses held since the given milliseconds, each by a client of its own. */
function holding(since: Record<Ipv4, number>) {
  const holds = new Holds()
  for (const [index, [address, now]] of Object.entries(since).entries()) holds.hold(address as Ipv4, mac(index), now)
  return holds
}

test('an offer is kept for its client for a minute', (t) => {
  const holds = new Holds()
  t.is(holds.hold(X, A, 1000), undefined)
  t.is(holds.holder(X, 1000), A)
  t.is(holds.holder(X, 60_999), A)
  t.is(holds.holder(X, 61_000), undefined)
  t.is(holds.offeredTo(A), X)
  t.is(holds.holder(Y, 1000), undefined)
})

test('the same offer again begins a new minute', (t) => {
  const holds = new Holds()
  holds.hold(X, A, 0)
  t.is(holds.hold(X, A, 50_000), undefined, 'nothing else was given up')
  t.is(holds.holder(X, 100_000), A)
})

test('a client has one offer: a second one gives the first one up', (t) => {
  const holds = new Holds()
  holds.hold(X, A, 0)
  t.is(holds.hold(Y, A, 0), X)
  t.is(holds.holder(X, 0), undefined)
  t.is(holds.offeredTo(A), Y)
})

test('an address is offered to one client: the last', (t) => {
  const holds = new Holds()
  holds.hold(X, A, 0)
  holds.hold(X, B, 0)
  t.is(holds.holder(X, 0), B)
  t.is(holds.offeredTo(A), undefined)
  t.is(holds.hold(Y, A, 0), undefined, "what is another's by now is not given up")
  t.is(holds.holder(X, 0), B)
})

test('what was taken or given up is held no more', (t) => {
  const holds = new Holds()
  holds.hold(X, A, 0)
  holds.release(X)
  holds.release(Y)
  t.is(holds.holder(X, 0), undefined)
  t.is(holds.offeredTo(A), undefined)
})

test('those that have ended are taken out, the oldest first, and no others', (t) => {
  const holds = holding({ [X]: 0, [Y]: 10, [Z]: 20 })
  t.deepEqual([...holds.ended(59_999)], [])
  t.deepEqual([...holds.ended(60_010)], [X, Y])
  t.deepEqual([...holds.ended(60_010)], [])
  t.is(holds.offeredTo(mac(0)), undefined)
  t.is(holds.offeredTo(mac(2)), Z)
})

test('those that should have been taken by now are told, the oldest first, and stay', (t) => {
  const holds = holding({ [X]: 0, [Y]: 10, [Z]: 20 })
  t.deepEqual([...holds.contestable(9_999)], [])
  for (const _ of [1, 2]) t.deepEqual([...holds.contestable(10_010)], [X, Y])
  t.is(holds.holder(X, 10_010), mac(0))
})

test('an offer that is made again a second later is as young as that; what follows at once is the same', (t) => {
  for (const [again, order] of [
    [999, [X, Y]],
    [1000, [Y, X]]
  ] as const) {
    const holds = holding({ [X]: 0, [Y]: 10 })
    holds.hold(X, mac(0), again)
    t.deepEqual([...holds.contestable(11_000)], order)
  }
})

test('of thousands of offers a thousand are looked through, and a hundred that ended are taken out at a time', (t) => {
  const holds = new Holds()
  for (let number = 0; number < 5000; number += 1) holds.hold(`10.${number}` as Ipv4, mac(number), 0)
  t.is([...holds.contestable(20_000)].length, 1000)
  for (let left = 5000; left > 0; left -= 100) t.is([...holds.ended(60_000)].length, 100)
  t.is([...holds.ended(60_000)].length, 0)
})
