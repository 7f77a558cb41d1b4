import { Type } from 'typebox'
import { ACTIONS, act } from '../../inventory/actions.ts'
import type { Attempt } from '../../inventory/attempts.ts'
import { stateOf } from '../../inventory/lifecycle.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

const params = Type.Object({ name: Type.String() })
const tags = ['machines']

/** What can be asked for a machine, and what it did. */
export function machineRoutes(app: AdminApp, { boot }: AdminOptions): void {
  const { inventory, attempts } = boot.facts
  for (const action of ACTIONS) {
    app.post(`/machines/:name/${action}`, { schema: { tags, params } }, async (request, reply) => {
      const { machine, replicated } = await act(inventory, request.params.name, action, request.actor)
      reply.status(202)
      return { generation: machine.life.generation.counter, state: stateOf(machine.life), replicated }
    })
  }

  app.get('/machines/:name/attempts', { schema: { tags, params } }, (request) => {
    const machine = inventory.need('machine', request.params.name)
    return { items: attempts.list(machine.name).map(attemptView) }
  })
}

function attemptView({ lease: _, createdAt, updatedAt, ...attempt }: Attempt): object {
  return { ...attempt, createdAt: new Date(createdAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() }
}
