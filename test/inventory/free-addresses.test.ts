import test from 'ava'
import fc from 'fast-check'
import { FreeAddresses } from '../../src/inventory/free-addresses.ts'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../../src/net/ipv4.ts'
import { ip } from '../support/values.ts'

const at = (last: number) => ip(`10.77.0.${last}`)
const number = (last: number) => ipv4ToNumber(at(last))
const any = () => true

/** Free addresses of a pool of ten, from 10.77.0.0. */
const ten = () => new FreeAddresses({ from: at(0), to: at(9) })

/** All that there is, in the order in which it would be handed out. */
function inOrder(free: FreeAddresses): Ipv4[] {
  const order: Ipv4[] = []
  for (;;) {
    const address = free.first((each) => !order.includes(each))
    if (address === undefined) return order
    order.push(address)
  }
}

/** Hands out the first ones: they are somebody's. */
function handOut(free: FreeAddresses, count: number): void {
  const held: Ipv4[] = []
  for (let index = 0; index < count; index += 1) held.push(free.first((each) => !held.includes(each)) as Ipv4)
  free.first((each) => !held.includes(each))
}

test('those never used come first, in order, then those given back, in the order of that', (t) => {
  const free = ten()
  handOut(free, 4)
  for (const last of [2, 0, 3]) free.give(number(last))
  t.deepEqual(inOrder(free), [4, 5, 6, 7, 8, 9, 2, 0, 3].map(at))
})

test('the first stays the first until it is removed', (t) => {
  const free = ten()
  t.deepEqual([free.first(any), free.first(any)], [at(0), at(0)])
  handOut(free, 10)
  free.give(number(5))
  free.give(number(6))
  t.deepEqual([free.first(any), free.first(any)], [at(5), at(5)])
  free.remove(number(5))
  t.is(free.first(any), at(6))
})

test('what was given back before its turn as one never used comes when it was given back', (t) => {
  const free = ten()
  free.give(number(1))
  t.deepEqual(inOrder(free), [0, 2, 3, 4, 5, 6, 7, 8, 9, 1].map(at))
})

test('giving twice is giving once; removing what is not there does nothing', (t) => {
  const free = ten()
  handOut(free, 10)
  for (const last of [1, 2, 1]) free.give(number(last))
  free.remove(number(7))
  t.deepEqual([free.first(any), free.first((address) => address !== at(1))], [at(1), at(2)])
  for (const last of [1, 1]) free.give(number(last))
  free.remove(number(1))
  t.deepEqual(inOrder(free), [at(2)])
})

test('whatever is given, removed and looked for: as a plain list would have it', (t) => {
  const step = fc.record({ what: fc.constantFrom('give', 'remove', 'first'), last: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const free = ten()
      let unused = Array.from({ length: 10 }, (_, each) => each)
      let given: number[] = []
      for (const { what, last } of steps) {
        if (what === 'give') {
          free.give(number(last))
          if (!given.includes(last)) given.push(last)
        } else if (what === 'remove') {
          free.remove(number(last))
          given = given.filter((each) => each !== last)
        } else {
          // Half of the addresses can't be used: those that come before the one that is found are passed over for good.
          const isUsable = (each: number) => each % 2 === last % 2
          const isNew = (each: number) => isUsable(each) && !given.includes(each)
          const expected = unused.find(isNew) ?? given.find(isUsable)
          t.is(
            free.first((address) => isUsable(ipv4ToNumber(address))),
            expected === undefined ? undefined : at(expected)
          )
          unused = unused.slice(indexOf(unused, isNew))
          if (unused.length === 0) given = given.slice(indexOf(given, isUsable))
        }
      }
    })
  )
})

/** Where the first one is that fits; the end where none does. */
function indexOf(list: readonly number[], fits: (each: number) => boolean): number {
  const index = list.findIndex(fits)
  return index < 0 ? list.length : index
}

test('choosing from a /16 asks about one address, whether none, half or all were used before', (t) => {
  const from = ipv4ToNumber(ip('10.77.0.0'))
  const size = 65_536
  const free = new FreeAddresses({ from: ipv4FromNumber(from), to: ipv4FromNumber(from + size - 1) })
  let asked = 0
  const held = new Set<Ipv4>()
  const isUsable = (address: Ipv4) => {
    asked += 1
    return !held.has(address)
  }
  for (let count = 0; count < size; count += 1) {
    const address = free.first(isUsable) as Ipv4
    held.add(address)
    free.remove(ipv4ToNumber(address))
  }
  // Each is asked about when it is chosen, and once more when the next one is looked for.
  t.is(held.size, size)
  t.true(asked <= 2 * size)
  t.is(free.first(isUsable), undefined)
  for (const address of held) free.give(ipv4ToNumber(address))
  held.clear()
  asked = 0
  for (let count = 0; count < 1000; count += 1) {
    const address = free.first(isUsable) as Ipv4
    held.add(address)
    free.remove(ipv4ToNumber(address))
  }
  t.is(asked, 1000)
})
