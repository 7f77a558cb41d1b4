import test from 'ava'
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
