import test from 'ava'
import { eventChange } from '../../src/inventory/events.ts'
import { openStore } from '../support/inventory.ts'
import { mac } from '../support/values.ts'

async function site() {
  const store = openStore()
  const machines = ['a', 'b', 'a', null]
  await store.inventory.write(
    machines.map((machine, index) => {
      const type = index % 2 === 0 ? 'dhcp' : 'boot'
      // Steps are written a moment after they happened: the third before the second.
      return eventChange([1, 3, 2, 4][index] ?? 0, { type, machine, mac: mac(index), message: `m${index}` })
    })
  )
  const messages = (filter: Partial<Parameters<typeof store.events.list>[0]>) =>
    store.events.list({ limit: 100, ...filter }).map(({ message }) => message)
  return { ...store, messages }
}

test('events are listed as they happened', async (t) => {
  const { messages } = await site()
  t.deepEqual(messages({}), ['m0', 'm2', 'm1', 'm3'])
})

test('events are found by machine, MAC and type', async (t) => {
  const { messages } = await site()
  t.deepEqual(messages({ machine: 'a' }), ['m0', 'm2'])
  t.deepEqual(messages({ mac: mac(1) }), ['m1'])
  t.deepEqual(messages({ type: 'boot' }), ['m1', 'm3'])
  t.deepEqual(messages({ type: 'boot', machine: 'a' }), [])
})

test('a limit leaves the latest, or after an event the next ones', async (t) => {
  const { messages, events } = await site()
  t.deepEqual(messages({ limit: 2 }), ['m2', 'm3'])
  const first = events.list({ limit: 100 })[0]
  t.deepEqual(messages({ after: first?.id ?? 0, limit: 2 }), ['m2', 'm1'])
  t.deepEqual(messages({ after: 4 }), [])
})

test('what an event does not tell is null', async (t) => {
  const { events, inventory } = openStore()
  await inventory.write([eventChange(7, { type: 'daemon', message: 'started' })])
  const nothing = { actor: null, machine: null, mac: null, address: null, attempt: null }
  t.deepEqual(events.list({ limit: 1 }), [{ id: 1, time: 7, type: 'daemon', message: 'started', ...nothing }])
})

test('a flood of strangers takes a fifth of the room: what machines and people did stays longer', async (t) => {
  const { db, inventory } = openStore()
  const thousand = (more: object) =>
    Array.from({ length: 1000 }, () => eventChange(0, { type: 'dhcp', message: 'DISCOVER', ...more }))
  await inventory.write(thousand({ machine: 'web1' }))
  await inventory.write(thousand({ actor: 'ann', type: 'inventory' }))
  for (let times = 0; times < 55; times += 1) await inventory.write(thousand({ mac: mac(times) }))
  const counts = db.prepare('SELECT machine, actor, count(*) FROM event GROUP BY machine, actor').raw().all()
  t.deepEqual(counts, [
    [null, null, 10_000],
    [null, 'ann', 1000],
    ['web1', null, 1000]
  ])
  const [oldest] = db.prepare("SELECT min(id) FROM event WHERE type = 'dhcp' AND machine IS NULL").pluck().all()
  t.is(oldest, 57_000 - 10_000 + 1, 'the latest of the strangers stay')
})
