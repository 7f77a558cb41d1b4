import test from 'ava'
import { disputeOf, listConflicts, settle } from '../../src/inventory/conflicts.ts'
import type { Inventory } from '../../src/inventory/inventory.ts'
import type { Op } from '../../src/inventory/oplog.ts'
import { FakeClock } from '../support/clock.ts'
import { change, machine, openStore, role, subnet } from '../support/inventory.ts'
import { ip } from '../support/values.ts'

/** An instance whose writes gather until they are exchanged. */
async function side(skew: number) {
  const unsent: Op[] = []
  const clock = new FakeClock()
  clock.advance(skew)
  const replicator = {
    replicate: async (ops: readonly Op[]) => {
      unsent.push(...ops)
      return false
    }
  }
  return { ...openStore({ clock, replicator }), unsent }
}

async function pair() {
  const [a, b] = [await side(0), await side(5)]
  await change(a, (draft) => {
    draft.putSubnet(subnet())
    draft.putRole(role('db'))
  })
  const exchange = () => {
    const [fromA, fromB] = [a.unsent.splice(0), b.unsent.splice(0)]
    b.inventory.receive(fromA)
    a.inventory.receive(fromB)
  }
  exchange()
  const onBoth = (look: (inventory: Inventory) => unknown) => [a, b].map(({ inventory }) => look(inventory))
  return { a, b, exchange, onBoth }
}

test('one address claimed on both sides is a conflict on both; who loses it gets another', async (t) => {
  const { a, b, exchange, onBoth } = await pair()
  const at = (name: string, number: number) =>
    machine(name, number, { interfaces: [{ mac: `52:54:00:00:00:0${number}`, ipv4: '10.77.0.9' }] })
  await change(a, (draft) => draft.putMachine(at('web1', 1)))
  await change(b, (draft) => draft.putMachine(at('web2', 2)))
  exchange()
  const [one, other] = onBoth(listConflicts) as [ReturnType<typeof listConflicts>, unknown]
  t.deepEqual(one, other as never)
  t.like(one, [{ id: 'ipv4/10.77.0.9', values: [{ value: 'web1' }, { value: 'web2' }] }])
  const web1 = a.inventory.need('machine', 'web1')
  t.regex(disputeOf(a.inventory, web1) ?? '', /10.77.0.9 is claimed by web1 and web2/)
  await settle(a.inventory, 'ipv4/10.77.0.9', 1, 'tester')
  exchange()
  t.deepEqual(onBoth(listConflicts), [[], []])
  t.deepEqual(
    onBoth((inventory) => inventory.machineByAddress(ip('10.77.0.9'))?.name),
    ['web1', 'web1']
  )
  t.not(b.inventory.need('machine', 'web2').interfaces[0]?.ipv4, ip('10.77.0.9'))
})

test('one name claimed on both sides is a conflict; nothing is installed on it until it is settled', async (t) => {
  const { a, b, exchange, onBoth } = await pair()
  await change(a, (draft) => draft.putMachine(machine('web1', 1)))
  await change(b, (draft) => draft.putMachine(machine('web1', 2)))
  exchange()
  t.deepEqual(
    onBoth((inventory) => listConflicts(inventory).map(({ id }) => id)),
    [['machine/web1/interfaces'], ['machine/web1/interfaces']]
  )
  t.deepEqual(
    onBoth((inventory) => disputeOf(inventory, inventory.need('machine', 'web1'))?.slice(0, 18)),
    ['interfaces of web1', 'interfaces of web1']
  )
})

test('a role that was deleted while a machine was given it is in dispute', async (t) => {
  const { a, b, exchange } = await pair()
  await change(a, (draft) => draft.delete('role', 'db'))
  await change(b, (draft) => draft.putMachine(machine('web1', 1, { role: 'db' })))
  exchange()
  t.regex(disputeOf(a.inventory, a.inventory.need('machine', 'web1')) ?? '', /its role db was deleted/)
})

test("there is nothing to settle where there is no conflict, nor a value that there isn't", async (t) => {
  const { a, b, exchange } = await pair()
  await change(a, (draft) => draft.putRole({ ...role('db'), note: 'a' }))
  await change(b, (draft) => draft.putRole({ ...role('db'), note: 'b' }))
  exchange()
  await t.throwsAsync(settle(a.inventory, 'role/db/kind', 1, 'tester'), { code: 'not-found' })
  await t.throwsAsync(settle(a.inventory, 'role/db/note', 3, 'tester'), { code: 'invalid' })
  t.is((await settle(a.inventory, 'role/db/note', 2, 'tester')).replicated, false)
  t.is(a.inventory.need('role', 'db').note, 'a')
})
