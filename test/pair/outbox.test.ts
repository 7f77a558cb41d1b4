import test from 'ava'
import { wholeOf } from '../../src/inventory/snapshot.ts'
import type { Message } from '../../src/pair/messages.ts'
import { Outbox } from '../../src/pair/outbox.ts'
import { openStore } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

test('a change that the other instance came over counts as known to it once it has all the others', async (t) => {
  const { inventory, leases, clock } = openStore()
  const address = ip('10.77.0.100')
  await leases.grant([{ address, mac: mac(1), seconds: 600 }])
  const [own] = leases.changedSince(0)
  t.truthy(own)
  await leases.receive([{ ...own, mac: mac(2), version: 9, owner: 'b' } as NonNullable<typeof own>])
  t.deepEqual(leases.changes, { last: 1, acknowledged: 0 })

  const sent: Message[] = []
  const outbox = new Outbox({
    log: inventory.log,
    leases,
    cursor: 0,
    backlog: leases.changedSince(0),
    send: (message) => sent.push(message),
    now: clock.now,
    through: () => {},
    acknowledgedOps: () => {}
  })
  outbox.pump()
  t.deepEqual(
    sent.map(({ type }) => type),
    ['end']
  )
  outbox.acknowledged(1)
  t.deepEqual(leases.changes, { last: 1, acknowledged: 1 })
})

test('while the whole inventory is being sent nobody waits for the other instance; what is written meanwhile follows', async (t) => {
  const { db, inventory, leases, clock } = openStore()
  const write = (note: string) => inventory.log.commit([{ entity: 'role', key: 'web', field: 'note', value: note }])
  write('before')
  const sent: Message[] = []
  const outbox = new Outbox({
    log: inventory.log,
    leases,
    cursor: inventory.log.seq,
    whole: wholeOf(db, inventory.log),
    backlog: [],
    send: (message) => sent.push(message),
    now: clock.now,
    through: () => {},
    acknowledgedOps: () => {}
  })
  t.false(await outbox.ops(write('meanwhile')))
  await leases.grant([{ address: ip('10.77.0.100'), mac: mac(1), seconds: 600 }])
  t.is(await outbox.leases(leases.changedSince(0)), undefined)
  for (let id = 1; id < 100; id += 1) {
    outbox.pump()
    outbox.acknowledged(id)
  }
  const documents = sent.flatMap((message) => (message.type === 'part' ? (message.part.documents ?? []) : []))
  const [web] = documents.filter(({ key }) => key === 'web')
  t.deepEqual(
    web?.document.note?.map(({ value }) => value),
    ['"before"']
  )
  const order = sent.map(({ type }) => type).filter((type) => type !== 'part')
  t.deepEqual(order, ['snapshot', 'snapshot-end', 'ops', 'leases', 'end'])
  const told = outbox.ops(write('after'))
  outbox.acknowledged(sent.length)
  t.true(await told)
})
