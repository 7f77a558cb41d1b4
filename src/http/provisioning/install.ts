import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { type Attempt, STAGES } from '../../inventory/attempts.ts'
import { choice } from '../../net/validation.ts'
import { ends } from './ends.ts'
import type { ProvisioningOptions } from './server.ts'

const TokenParams = Type.Object({ token: Type.String({ pattern: '^[A-Za-z0-9_-]{1,100}$' }) })
const StatusBody = Type.Object({
  stage: choice(STAGES),
  message: Type.Optional(Type.String())
})
const MAX_MESSAGE = 1000
export const PRESEED_ASKED = 'preseed file'
export const PRESEED_HEADERS = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }

export function preseedAnswered({ machine }: Attempt, length: number): string {
  return `preseed of ${machine}, ${length} bytes`
}

/** `GET /boot/attempts/{token}/preseed` and `POST /boot/attempts/{token}/status`. */
export function installRoutes(app: FastifyInstance, { boot, callbacks }: ProvisioningOptions): void {
  app.get<{ Params: Static<typeof TokenParams> }>(
    '/boot/attempts/:token/preseed',
    { schema: { params: TokenParams } },
    async (request, reply) => {
      request.step = { asked: PRESEED_ASKED }
      const { from, server } = ends(request)
      const { text, length, attempt } = boot.preseed(request.params.token, from, server)
      request.step.mac = attempt.mac
      request.step.answered = preseedAnswered(attempt, length)
      return reply.headers(PRESEED_HEADERS).send(text)
    }
  )

  app.post<{ Params: Static<typeof TokenParams>; Body: Static<typeof StatusBody> }>(
    '/boot/attempts/:token/status',
    { schema: { params: TokenParams, body: StatusBody } },
    async (request) => {
      const { stage } = request.body
      const message = (request.body.message ?? '').replace(/[^\P{Cc}\t]/gu, ' ').slice(0, MAX_MESSAGE)
      request.step = { asked: `report ${stage}${message ? ` (${message})` : ''}` }
      const { from } = ends(request)
      const { mac, ...result } = await callbacks.status(request.params.token, stage, message, from)
      request.step.mac = mac
      request.step.keep = false
      request.step.answered = `${result.machine} is ${result.state}`
      request.step.outcome = stage
      return result
    }
  )
}
