import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { ClientCount } from '../../net/client-limits.ts'
import type { Ipv4 } from '../../net/ipv4.ts'
import type { ReportStep } from '../../net/step.ts'
import { problem, sendProblem } from '../problem.ts'

/** How many connections beyond the limit are kept at once, to be told why they are refused; those beyond are closed without a word. */
const TOLD_AT_ONCE = 64
/** Milliseconds in which a refused connection must have asked something and taken the answer. */
const REFUSAL_MS = 5000
/** Seconds after which a refused client may try again. */
const RETRY_AFTER = 5

/**
 * Counts connections. One beyond a limit is answered 503 and closed; requests of those within it never notice.
 * @returns whether a connection is one of those.
 */
export function limitConnections(
  app: FastifyInstance,
  count: ClientCount,
  report: ReportStep
): (socket: Socket) => boolean {
  const refused = new Map<Socket, string>()

  app.server.on('connection', (socket: Socket) => {
    const client = socket.remoteAddress as Ipv4 | undefined
    // It has gone already.
    if (client === undefined) return
    const why = count.enter(client)
    if (why === undefined) {
      socket.once('close', () => count.leave(client))
      return
    }
    if (refused.size >= TOLD_AT_ONCE) {
      socket.destroy()
      const answered = `closed: connections: ${why}`
      report({ protocol: 'http', address: client, asked: 'connection', answered, level: 'warn', outcome: 'too-many' })
      return
    }
    refused.set(socket, why)
    const end = setTimeout(() => socket.destroy(), REFUSAL_MS)
    socket.once('close', () => {
      clearTimeout(end)
      refused.delete(socket)
    })
  })

  app.addHook('onRequest', (request, reply, done) => {
    const why = refused.get(request.raw.socket)
    if (why === undefined) return done()
    request.problem = `connections: ${why}`
    sendProblem(
      reply.headers({ 'retry-after': RETRY_AFTER, connection: 'close' }),
      problem('too-many', request.problem)
    )
  })
  return (socket) => refused.has(socket)
}
