import { randomBytes } from 'node:crypto'
import { InventoryError } from './errors.ts'
import type { Inventory } from './inventory.ts'
import { type Goal, nextGeneration, stateOf } from './lifecycle.ts'
import type { Machine } from './model.ts'

/** What an administrator can ask for a machine beside editing it. Each starts a new generation. */
export const ACTIONS = ['install', 'cancel', 'retire'] as const
export type MachineAction = (typeof ACTIONS)[number]

const MARK_BYTES = 4

/** @throws {InventoryError} `not-found`, or `wrong-state` when the machine's state doesn't allow it. */
export async function act(
  inventory: Inventory,
  name: string,
  action: MachineAction,
  actor: string
): Promise<{ machine: Machine; replicated: boolean }> {
  const machine = inventory.need('machine', name)
  const mark = randomBytes(MARK_BYTES).toString('hex')
  const life = nextGeneration(machine.life, goalOf(machine, action), inventory.origin, mark)
  const draft = inventory.draft()
  const changed = draft.putReported({ ...machine, life })
  return { machine: changed, ...(await inventory.commit(draft, actor)) }
}

function goalOf({ name, life }: Machine, action: MachineAction): Goal {
  const refuse = (why: string) => new InventoryError('wrong-state', `${name} is ${stateOf(life)}: ${why}`)
  if (life.goal === 'discover') throw refuse(`register it first: tandem machine add NAME --mac MAC`)
  switch (action) {
    case 'install':
      if (life.goal === 'retire')
        throw refuse('a retired machine is never installed again; remove and add it to use it anew')
      return 'install'
    case 'cancel':
      if (life.goal !== 'install' || life.rank === 'installed') throw refuse('there is no install to cancel')
      return 'local'
    case 'retire':
      if (life.goal === 'retire') throw refuse('there is nothing to do')
      return 'retire'
  }
}
