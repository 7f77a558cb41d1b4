import test from 'ava'
import fc from 'fast-check'
import { PoolAddresses } from '../../src/inventory/pool-addresses.ts'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../../src/net/ipv4.ts'
import { ip } from '../support/values.ts'

/** An address's use and its end. */
type Use = { address: Ipv4; expiresAt: number }

const at = (last: number) => ip(`10.77.0.${last}`)
const TEN = { from: at(0), to: at(9) }
const FIRST = ipv4ToNumber(ip('10.0.0.0'))
/** 10.0.0.0/12: a million addresses. */
const MILLION = { from: ipv4FromNumber(FIRST), to: ipv4FromNumber(FIRST + (1 << 20) - 1) }
const any = () => true
const none = () => false

/** Pools, the last use of each address, and how often an end was asked for. */
function open(before: readonly Use[] = []) {
  const uses: Use[] = []
  const numbers = new Map<Ipv4, number>()
  const asked = { ends: 0 }
  const pools = new PoolAddresses({
    get size() {
      return uses.length
    },
    addressAt: (use) => ipv4ToNumber((uses[use] as Use).address),
    endAt(use) {
      asked.ends += 1
      return (uses[use] as Use).expiresAt
    }
  })
  const put = (address: Ipv4, expiresAt: number) => {
    const number = numbers.get(address) ?? uses.length
    numbers.set(address, number)
    uses[number] = { address, expiresAt }
    return number
  }
  /** As a lease does. */
  const occupy = (address: Ipv4, expiresAt: number) => pools.occupy(put(address, expiresAt))
  const end = (address: Ipv4, now: number) => {
    put(address, now)
    pools.free(address)
  }
  const isFree = (now: number) => (address: Ipv4) => (uses[numbers.get(address) ?? -1]?.expiresAt ?? 0) <= now
  /** Chooses one and uses it for long. */
  const take = (now: number) => {
    const address = pools.first(TEN, now, isFree(now))
    if (address !== undefined) occupy(address, now + 1_000_000)
    return address
  }
  for (const { address, expiresAt } of before) occupy(address, expiresAt)
  return { pools, has: (address: Ipv4) => numbers.has(address), asked, occupy, end, isFree, take }
}

test('those never used come first, then those whose use ended, the first to end first', (t) => {
  const { take, occupy } = open()
  for (let last = 0; last < 9; last += 1) occupy(at(last), 100 - last)
  t.deepEqual(
    [take(200), take(200), take(200), take(200)],
    [9, 8, 7, 6].map((last) => at(last))
  )
})

test('what is in use is not chosen, and is at the millisecond at which its use ends', (t) => {
  const { take, occupy } = open()
  for (let last = 0; last < 10; last += 1) occupy(at(last), 100)
  t.is(take(99), undefined)
  t.is(take(100), at(0))
})

test('a use that is renewed ends when it ends at last; one that is shortened ends then', (t) => {
  const { take, occupy } = open()
  for (const until of [100, 300]) for (let last = 0; last < 10; last += 1) occupy(at(last), until)
  t.is(take(200), undefined)
  occupy(at(4), 250)
  t.is(take(249), undefined)
  t.is(take(250), at(4))
  t.is(take(299), undefined)
  const rest = Array.from({ length: 9 }, () => take(300))
  t.deepEqual(rest.sort(), [0, 1, 2, 3, 5, 6, 7, 8, 9].map(at))
})

test('what was passed over or reserved has another use, until that ends or is forgotten', (t) => {
  const { pools, end } = open()
  const first = (isUsable: (address: Ipv4) => boolean) => pools.first(TEN, 0, isUsable)
  t.is(first(none), undefined)
  t.is(first(any), undefined)
  end(at(3), 0)
  t.is(first(any), at(3))
  pools.reserve(at(3))
  t.is(first(any), undefined)
  pools.forget(TEN)
  t.is(first(any), at(0))
})

test('what was used before the start comes last, the first to have ended first', (t) => {
  const ended = [8, 3, 5].map((last, index) => ({ address: at(last), expiresAt: 10 + index }))
  const { take } = open([...ended, { address: at(0), expiresAt: 1000 }])
  t.deepEqual(
    Array.from({ length: 10 }, () => take(100)),
    [...[1, 2, 4, 6, 7, 9, 8, 3, 5].map(at), undefined]
  )
})

test('choosing from a million looks at each address once, and at each use when it has ended', (t) => {
  const { pools, asked, occupy, isFree } = open()
  let looked = 0
  const take = (now: number) => {
    const isUsable = (address: Ipv4) => {
      looked += 1
      return isFree(now)(address)
    }
    const address = pools.first(MILLION, now, isUsable) as Ipv4
    occupy(address, now + 5000)
    return ipv4ToNumber(address) - FIRST
  }
  t.is(take(0), 0)
  for (let number = 1; number < 2000; number += 1) occupy(ipv4FromNumber(FIRST + number), 100)
  looked = 0
  asked.ends = 0
  for (let count = 0; count < 1000; count += 1) t.is(take(50), 2000 + count)
  t.true(looked <= 2000 + 2 * 1000, String(looked))
  t.is(asked.ends, 1000, 'one each, of the one that was chosen')
  asked.ends = 0
  for (let count = 0; count < 1000; count += 1) t.is(take(200), 3000 + count)
  t.is(asked.ends, 1000 + 1999)
})

test('a backlog of ended uses is worked off a hundred at a time', (t) => {
  const { pools, asked, occupy } = open()
  const [from, to] = [ip('10.78.0.0'), ip('10.78.255.255')]
  const first = ipv4ToNumber(from)
  for (let number = 0; number < 5000; number += 1) occupy(ipv4FromNumber(first + number), number)
  pools.first({ from, to }, 0, any)
  asked.ends = 0
  t.is(
    pools.first({ from, to }, 10_000, (address) => ipv4ToNumber(address) >= first + 5000),
    ip('10.78.19.136')
  )
  t.is(asked.ends, 100)
})

test('a use that is renewed for ever waits once, though it was shortened on the way', (t) => {
  const { pools, asked, occupy } = open()
  pools.first(TEN, 0, none)
  for (let round = 0; round < 50; round += 1) {
    // A quarantine that a person ends, then leases again.
    occupy(at(0), round * 1000 + 86_400_000)
    occupy(at(0), round * 1000 + 600)
    pools.first(TEN, round * 1000, none)
  }
  asked.ends = 0
  occupy(at(0), 200_000_000)
  pools.first(TEN, 100_000_000, none)
  t.true(asked.ends <= 3, String(asked.ends))
})

test('whatever happens: none is chosen that is in use, and there is one as long as any is free', (t) => {
  const last = fc.nat(9)
  const step = fc.oneof(
    fc.record({ what: fc.constant('choose' as const), seconds: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ what: fc.constant('occupy' as const), last, seconds: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ what: fc.constant('end' as const), last }),
    fc.record({ what: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 20 }) })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { pools, has, occupy, end, isFree } = open()
      let now = 0
      const all = Array.from({ length: 10 }, (_, each) => at(each))
      for (const each of steps) {
        if (each.what === 'occupy') occupy(at(each.last), now + each.seconds)
        else if (each.what === 'end') has(at(each.last)) && end(at(each.last), now)
        else if (each.what === 'pass') now += each.seconds
        else {
          const address = pools.first(TEN, now, isFree(now))
          const neverUsed = all.find((one) => !has(one))
          t.is(address !== undefined, all.some(isFree(now)))
          if (neverUsed !== undefined) t.is(address, neverUsed)
          if (address === undefined) continue
          t.true(isFree(now)(address))
          occupy(address, now + each.seconds)
        }
      }
    })
  )
})
