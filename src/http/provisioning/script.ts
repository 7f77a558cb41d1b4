import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { InventoryError } from '../../inventory/errors.ts'
import { type Mac, parseMac } from '../../net/mac.ts'
import { ends } from './ends.ts'
import type { ProvisioningOptions } from './server.ts'

const MacParams = Type.Object({ mac: Type.String({ maxLength: 17 }) })

/** A few short values; what else a stranger may send is dropped. */
const FACTS = [
  'uuid',
  'serial',
  'asset',
  'manufacturer',
  'product',
  'platform',
  'buildarch',
  'busid',
  'hostname'
] as const
const MAX_FACT = 128

/** `GET /boot/{mac}/ipxe`, and what a machine tells of itself at `/boot/{mac}/facts`. */
export function scriptRoutes(app: FastifyInstance, { boot, callbacks }: ProvisioningOptions): void {
  app.get<{ Params: Static<typeof MacParams> }>(
    '/boot/:mac/ipxe',
    // A HEAD would mint a token for nobody.
    { schema: { params: MacParams }, exposeHeadRoute: false },
    async (request, reply) => {
      const mac = macParam(request.params.mac)
      request.step = { asked: 'iPXE script', mac }
      const { from, server } = ends(request)
      const { text, decision } = await boot.script(mac, from, server)
      request.step.answered = `${decision.action}: ${decision.reasons.join('; ')}`
      request.step.outcome = decision.action
      return reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(text)
    }
  )

  // Debian's iPXE has no `params`, so it can't POST: it tells its facts in the query of a GET.
  app.route<{
    Params: Static<typeof MacParams>
    Querystring: Record<string, unknown>
    Body: Record<string, unknown> | null
  }>({
    method: ['GET', 'POST'],
    url: '/boot/:mac/facts',
    schema: { params: MacParams },
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const mac = macParam(request.params.mac)
      request.step = { asked: 'facts', mac }
      const told = request.method === 'POST' ? request.body : request.query
      const machine = await callbacks.facts(mac, factsFrom(told ?? {}), ends(request).from)
      request.step.answered = `known as ${machine.name}`
      return reply.type('text/plain').send(`known as ${machine.name}\n`)
    }
  })
}

function macParam(text: string): Mac {
  try {
    return parseMac(text)
  } catch (error) {
    throw InventoryError.invalid([{ field: 'mac', message: (error as Error).message }])
  }
}

function factsFrom(body: Record<string, unknown>): Record<string, string> {
  const facts: Record<string, string> = {}
  for (const name of FACTS) {
    const value = body[name]
    if (typeof value !== 'string') continue
    const printable = value
      .replace(/[^ -~]/g, '')
      .trim()
      .slice(0, MAX_FACT)
    if (printable !== '') facts[name] = printable
  }
  return facts
}
