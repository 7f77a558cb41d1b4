import test from 'ava'
import { change, machine, openStore, subnet } from '../support/inventory.ts'

test('equal values of several machines are one in memory, which nobody can change', async (t) => {
  const first = openStore()
  await change(first, (draft) => {
    draft.putSubnet(subnet())
    for (const number of [1, 2]) draft.putMachine(machine(`m${number}`, number, { labels: { rack: 'b7' } }))
  })
  const [one, two] = [...openStore({ db: first.db }).inventory.list('machine')]
  for (const field of ['labels', 'vars', 'facts', 'kernelArguments', 'life'] as const) {
    t.is(one?.[field], two?.[field], field)
    t.true(Object.isFrozen(one?.[field]), field)
  }
  t.true(Object.isFrozen(one?.life.generation))
})
