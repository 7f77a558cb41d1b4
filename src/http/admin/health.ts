import type { FastifyInstance } from 'fastify'
import type { AdminOptions } from './server.ts'

/** What a supervisor and a monitor ask, without a token. */
export function healthRoutes(app: FastifyInstance, { ready, metrics }: AdminOptions): void {
  const schema = { tags: ['health'], security: [] }
  app.get('/health/live', { schema }, (_request, reply) => reply.send({ status: 'ok' }))
  app.get('/health/ready', { schema }, (_request, reply) =>
    ready() ? reply.send({ status: 'ok' }) : reply.status(503).send({ status: 'starting or stopping' })
  )
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics())
  )
}
