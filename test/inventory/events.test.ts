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
