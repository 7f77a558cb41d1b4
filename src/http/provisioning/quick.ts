import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { BootService, Preseed } from '../../boot/service.ts'
import type { Ipv4 } from '../../net/ipv4.ts'
import type { ReportStep } from '../../net/step.ts'
import { PRESEED_ASKED, PRESEED_HEADERS, preseedAnswered } from './install.ts'

const HEADERS = Object.entries(PRESEED_HEADERS).flat()
const PRESEED = /^\/boot\/attempts\/([A-Za-z0-9_-]{1,100})\/preseed$/

/**
 * Answers requests for a preseed file that there is, without a detour: a rack asks for thousands a second, and routing, hooks and
 * replies take as long as all else (docs/benchmarks.md). Whatever isn't that goes its usual way, refusals too.
 */
export function answerQuickly(
  app: FastifyInstance,
  boot: BootService,
  report: ReportStep,
  isRefused: (socket: Socket) => boolean
): void {
  const usual = app.server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
  app.server.removeAllListeners('request')
  app.server.on('request', (request, response) => {
    if (isRefused(request.socket) || !answerPreseed(request, response)) {
      for (const listener of usual) listener(request, response)
    }
  })

  function answerPreseed({ method, url = '', socket }: IncomingMessage, response: ServerResponse): boolean {
    const token = method === 'GET' ? PRESEED.exec(url)?.[1] : undefined
    if (token === undefined) return false
    const address = socket.remoteAddress as Ipv4
    const file = preseedOf(token, address, socket.localAddress as Ipv4)
    if (file === undefined) return false
    const { text, length, attempt } = file
    // As one text, the header and the body leave in one call.
    response.writeHead(200, [...HEADERS, 'content-length', String(length)]).end(text)
    const answered = preseedAnswered(attempt, length)
    const { mac } = attempt
    report({ protocol: 'http', mac, address, asked: PRESEED_ASKED, answered, level: 'info', outcome: 'answered' })
    return true
  }

  /** Undefined where it is refused. */
  function preseedOf(token: string, from: Ipv4, server: Ipv4): Preseed | undefined {
    try {
      return boot.preseed(token, from, server)
    } catch {
      return undefined
    }
  }
}
