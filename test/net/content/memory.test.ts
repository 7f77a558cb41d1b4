import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import fc from 'fast-check'
import { FileMemory } from '../../../src/net/content/memory.ts'
import type { SteadyFile } from '../../../src/net/steady-file.ts'

const file = (name: string, size: number): SteadyFile => ({ path: `/${name}`, size, sha256: name, stamp: '' })

/** Counts what is loaded; each file's bytes are its name. */
function memoryOf(budget: number) {
  const memory = new FileMemory(budget)
  const loaded: string[] = []
  const hold = (each: SteadyFile) =>
    memory.hold(each, async () => {
      loaded.push(each.sha256)
      return Buffer.alloc(each.size, each.sha256)
    })
  return { memory, loaded, hold }
}

test('a file is loaded once for all who ask meanwhile and later', async (t) => {
  const { loaded, hold } = memoryOf(100)
  const all = await Promise.all([hold(file('a', 10)), hold(file('a', 10)), hold(file('a', 10))])
  all.push(await hold(file('a', 10)))
  t.deepEqual(loaded, ['a'])
  for (const each of all) t.is(each?.bytes, all[0]?.bytes)
})

test('the file that was used longest ago makes room', async (t) => {
  const { memory, loaded, hold } = memoryOf(30)
  for (const name of ['a', 'b', 'c', 'a', 'd', 'a', 'b']) (await hold(file(name, 10)))?.release()
  t.deepEqual(loaded, ['a', 'b', 'c', 'd', 'b'])
  t.is(memory.used, 30)
})

test('what is being sent counts until it was sent, and makes no room', async (t) => {
  const { memory, hold } = memoryOf(30)
  const [first, second] = [await hold(file('a', 20)), await hold(file('a', 20))]
  t.is(await hold(file('b', 20)), undefined)
  first?.release()
  first?.release()
  t.is(await hold(file('b', 20)), undefined, 'the other one holds it still')
  second?.release()
  t.truthy(await hold(file('b', 20)))
  t.is(memory.used, 20)
})

test('nothing is given up for a file that does not fit all the same', async (t) => {
  const { loaded, hold } = memoryOf(30)
  const pinned = await hold(file('a', 20))
  ;(await hold(file('b', 10)))?.release()
  t.is(await hold(file('c', 25)), undefined)
  t.is(await hold(file('d', 31)), undefined)
  ;(await hold(file('b', 10)))?.release()
  t.deepEqual(loaded, ['a', 'b'])
  pinned?.release()
})

test('without a budget nothing is kept', async (t) => {
  const { hold, loaded } = memoryOf(0)
  t.is(await hold(file('a', 1)), undefined)
  t.deepEqual(loaded, [])
})

test('a file that cannot be loaded takes no room, and all who wait hear why', async (t) => {
  const memory = new FileMemory(10)
  const broken = () => memory.hold(file('a', 10), () => Promise.reject(new Error('EIO')))
  for (const each of [broken(), broken()]) await t.throwsAsync(each, { message: 'EIO' })
  await turn()
  t.is(memory.used, 0)
  t.truthy(await memory.hold(file('a', 10), async () => Buffer.alloc(10)))
})

test('whatever is asked for and let go in whatever order, the budget holds and the bytes are right', async (t) => {
  const sizes = { a: 5, b: 10, c: 20, d: 30, e: 41 }
  const name = fc.constantFrom(...(Object.keys(sizes) as (keyof typeof sizes)[]))
  const action = fc.oneof(fc.record({ hold: name }), fc.record({ release: fc.nat(10) }))
  const keeps = fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
    const { memory, hold } = memoryOf(40)
    const held: { bytes: Buffer; release(): void; name: string }[] = []
    for (const each of actions) {
      if ('release' in each) held.splice(each.release % (held.length || 1), 1)[0]?.release()
      else {
        const got = await hold(file(each.hold, sizes[each.hold]))
        if (got) held.push({ ...got, name: each.hold })
      }
      if (memory.used > 40) return false
      const distinct = new Map(held.map((one) => [one.name, one.bytes.length]))
      if ([...distinct.values()].reduce((sum, size) => sum + size, 0) > memory.used) return false
      if (held.some((one) => one.bytes.some((byte) => byte !== one.name.charCodeAt(0)))) return false
    }
    return true
  })
  await t.notThrowsAsync(fc.assert(keeps))
})
