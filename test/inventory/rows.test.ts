import test from 'ava'
import { act } from '../../src/inventory/actions.ts'
import type { Op } from '../../src/inventory/oplog.ts'
import { change, dump, machine, openStore, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

function openSide() {
  const written: Op[] = []
  const replicator = {
    replicate: async (ops: readonly Op[]) => {
      written.push(...ops)
      return true
    }
  }
  const store = openStore({ replicator })
  const mint = (lease: string) =>
    store.attempts.mint(store.inventory.need('machine', 'db-1'), { mac: mac(1), address: ip('10.77.0.4'), lease })
  return { ...store, written, mint }
}

/** Two instances that are apart from now on, with a machine whose installer was offered once. */
async function openPair() {
  const [one, other] = [openSide(), openSide()]
  await change(one, (draft) => {
    draft.putSubnet(subnet())
    draft.putMachine(machine('db-1', 1))
  })
  await act(one.inventory, 'db-1', 'install', 'ann')
  await one.mint('1')
  other.inventory.receive(one.written.splice(0))
  const meet = () => {
    const [ours, theirs] = [one, other].map(({ written }) => written.splice(0)) as [Op[], Op[]]
    other.inventory.receive(ours)
    one.inventory.receive(theirs)
  }
  return { one, other, meet }
}

const remove = (side: ReturnType<typeof openSide>) => change(side, (draft) => draft.delete('machine', 'db-1'))
const add = (side: ReturnType<typeof openSide>) => change(side, (draft) => draft.putMachine(machine('db-1', 1)))

for (const [what, apart] of Object.entries<(pair: Awaited<ReturnType<typeof openPair>>) => Promise<unknown>>({
  'another attempt is made of a machine that was removed': async ({ one, other }) => {
    await remove(one)
    await other.mint('2')
  },
  'another token is made of an attempt that went with its machine': async ({ one, other }) => {
    await remove(one)
    await other.mint('1')
  },
  'an attempt is reported on that went with its machine': async ({ one, other }) => {
    await remove(one)
    const [attempt] = other.attempts.list('db-1')
    if (attempt) await other.inventory.write(other.attempts.reported(attempt, 'installing', ''))
  },
  'the machine is removed and added anew': async ({ one, other }) => {
    await remove(one)
    await add(one)
    await other.mint('2')
  },
  'the machine goes on elsewhere': async ({ one, other }) => {
    await other.mint('2')
    one.clock.advance(1)
    await remove(one)
    other.clock.advance(10)
    await act(other.inventory, 'db-1', 'install', 'ann')
    await other.mint('3')
  }
})) {
  test(`both have the same attempts and tokens after ${what}`, async (t) => {
    const pair = await openPair()
    await apart(pair)
    pair.meet()
    const [one, other] = [dump(pair.one.db), dump(pair.other.db)]
    t.deepEqual(one.attempt, other.attempt)
    t.deepEqual(one.token, other.token)
    t.is(
      (one.attempt as { id: string; lease: string }[]).some(({ lease }) => lease === '1'),
      false
    )
  })
}
