import test from 'ava'
import { act, type MachineAction } from '../../src/inventory/actions.ts'
import { InventoryError } from '../../src/inventory/errors.ts'
import {
  advance,
  DISCOVERED,
  generationText,
  type Life,
  type MachineState,
  nextGeneration,
  REGISTERED,
  stateOf
} from '../../src/inventory/lifecycle.ts'
import { change, machine, openStore } from '../support/inventory.ts'

const install = nextGeneration(REGISTERED, 'install', 'x')
const LIVES: Record<MachineState, Life> = {
  discovered: DISCOVERED,
  registered: REGISTERED,
  'install requested': install,
  installing: advance(install, 'installing'),
  failed: advance(install, 'failed'),
  installed: advance(install, 'installed'),
  retired: nextGeneration(install, 'retire', 'x')
}

/** What each action makes of a machine in each state; a pattern: it is refused, and why. */
const TABLE: Record<MachineState, Record<MachineAction, MachineState | RegExp>> = {
  discovered: { install: /register it first/, cancel: /register it first/, retire: /register it first/ },
  registered: { install: 'install requested', cancel: /no install to cancel/, retire: 'retired' },
  'install requested': { install: 'install requested', cancel: 'registered', retire: 'retired' },
  installing: { install: 'install requested', cancel: 'registered', retire: 'retired' },
  failed: { install: 'install requested', cancel: 'registered', retire: 'retired' },
  installed: { install: 'install requested', cancel: /no install to cancel/, retire: 'retired' },
  retired: { install: /never installed again/, cancel: /no install to cancel/, retire: /nothing to do/ }
}

for (const [state, row] of Object.entries(TABLE)) {
  for (const [action, expected] of Object.entries(row)) {
    test(`${action} of a machine that is ${state}: ${expected}`, async (t) => {
      const store = openStore()
      const life = LIVES[state as MachineState]
      await change(store, (draft) => draft.putReported({ ...machine('db-1', 1), life }))
      const acted = act(store.inventory, 'db-1', action as MachineAction, 'ann')
      if (expected instanceof RegExp) {
        const error = await t.throwsAsync(acted, { instanceOf: InventoryError, message: expected })
        t.is(error.code, 'wrong-state')
        t.true(error.message.startsWith(`db-1 is ${state}: `))
        t.deepEqual(store.inventory.need('machine', 'db-1').life, life)
        return
      }
      const { machine: after } = await acted
      t.deepEqual(store.inventory.need('machine', 'db-1'), after)
      t.is(stateOf(after.life), expected)
      t.is(generationText(after.life.generation), `${life.generation.counter + 1}-${store.inventory.origin}`)
      t.is(after.life.rank, 'requested')
    })
  }
}

test('an action on a machine that is not there is refused', async (t) => {
  const error = await t.throwsAsync(act(openStore().inventory, 'db-1', 'install', 'ann'), {
    instanceOf: InventoryError
  })
  t.is(error.code, 'not-found')
})

test("a machine that is removed and added anew counts from 1 again, but its first install isn't the earlier one", async (t) => {
  const store = openStore()
  const firstInstall = async () => {
    await change(store, (draft) => draft.putReported(machine('db-1', 1)))
    const { machine: after } = await act(store.inventory, 'db-1', 'install', 'ann')
    return after.life.generation
  }
  const before = await firstInstall()
  await change(store, (draft) => draft.delete('machine', 'db-1'))
  const anew = await firstInstall()
  t.is(generationText(anew), generationText(before))
  t.regex(anew.mark ?? '', /^[0-9a-f]{8}$/)
  t.not(anew.mark, before.mark)
})
