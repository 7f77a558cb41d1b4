import test from 'ava'
import { Leases } from '../../src/inventory/leases.ts'
import { wholeOf } from '../../src/inventory/snapshot.ts'
import { Inbox } from '../../src/pair/inbox.ts'
import type { Message, Numbered } from '../../src/pair/messages.ts'
import { change, openStore, role } from '../support/inventory.ts'

test('what is written here while the whole inventory comes from the other instance stays', async (t) => {
  const [from, to] = [openStore(), openStore()]
  await change(from, (draft) => draft.putRole(role('theirs')))
  await change(to, (draft) => draft.putRole(role('before')))
  const said: Message[] = []
  const nothing = () => {}
  const inbox = new Inbox({
    db: to.db,
    inventory: to.inventory,
    leases: new Leases(to.db, 'b', Date.now),
    now: Date.now,
    send: (message) => said.push(message),
    ...{
      replacing: nothing,
      replaced: nothing,
      progress: nothing,
      ended: nothing,
      acknowledged: nothing,
      received: nothing
    }
  })
  let id = 0
  const take = async (message: object) => {
    id += 1
    inbox.take({ id, ...message } as Numbered)
    while (said.length < id) await new Promise((resolve) => setImmediate(resolve))
    t.is(said.at(-1)?.type, 'ack')
  }
  const { total, seen, hlc, parts } = wholeOf(from.db, from.inventory.log)
  await take({ type: 'snapshot', total, seen, hlc })
  await change(to, (draft) => draft.putRole(role('meanwhile')))
  for (let part = parts.next(); !part.done; part = parts.next()) await take({ type: 'part', part: part.value })
  await take({ type: 'snapshot-end' })
  const names = [...to.inventory.list('role')].map(({ name }) => name).sort()
  t.deepEqual(names, ['before', 'meanwhile', 'theirs'])
})
