import test from 'ava'
import fc from 'fast-check'
import type { Options } from '../../../src/net/options/kinds.ts'
import { OptionList, ReceivedOptions } from '../../../src/net/options/option-list.ts'

const code = fc.integer({ min: 1, max: 6 })
const value = fc.uint8Array({ maxLength: 5 })

/** Both lists say of themselves what a Map with the same entries says. */
function sameAs(options: Options, map: ReadonlyMap<number, Uint8Array>) {
  const all = (of: Options) => ({
    entries: Array.from(of, ([code, value]) => [code, [...value]]),
    keys: [...of.keys()],
    values: Array.from(of.values(), (value) => [...value]),
    size: of.size,
    each: [1, 2, 3, 4, 5, 6].map((code) => [of.has(code), of.get(code) && [...(of.get(code) as Uint8Array)]])
  })
  return [all(options), all(map)] as const
}

test('a list that is written is a Map: what is set again keeps its place', (t) => {
  const step = fc.oneof(fc.record({ set: fc.tuple(code, value) }), fc.record({ delete: code }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const list = new OptionList()
      const map = new Map<number, Uint8Array>()
      for (const each of steps) {
        if ('set' in each) {
          list.set(...each.set)
          map.set(...each.set)
        } else {
          list.delete(each.delete)
          map.delete(each.delete)
        }
      }
      t.deepEqual(...sameAs(list, map))
    })
  )
})

test('RFC 3396: a list that is read has the parts of an option joined, where the first one is', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(code, value), { maxLength: 20 }),
      fc.array(code, { maxLength: 3 }),
      (parts, deleted) => {
        const bytes = Uint8Array.from(parts.flatMap(([code, value]) => [code, value.length, ...value]))
        const list = new ReceivedOptions(bytes)
        const map = new Map<number, Uint8Array>()
        let at = 0
        for (const [code, value] of parts) {
          list.add(at + 2)
          map.set(code, Uint8Array.of(...(map.get(code) ?? []), ...value))
          at += 2 + value.length
        }
        for (const code of deleted) {
          list.delete(code)
          map.delete(code)
        }
        t.deepEqual(...sameAs(list, map))
      }
    )
  )
})

test('a value is a view of the packet', (t) => {
  const bytes = Uint8Array.of(61, 2, 7, 8)
  const list = new ReceivedOptions(bytes)
  list.add(2)
  t.is(list.get(61)?.buffer, bytes.buffer)
})
