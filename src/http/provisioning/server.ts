import Fastify, { type FastifyInstance } from 'fastify'
import type { Callbacks } from '../../boot/callbacks.ts'
import type { Loaders } from '../../boot/loaders.ts'
import type { BootService } from '../../boot/service.ts'
import type { Ipv4 } from '../../net/ipv4.ts'
import type { ReportStep } from '../../net/step.ts'
import { answerProblems, answerUnreadable } from '../problem.ts'
import { fileRoutes } from './files.ts'
import { installRoutes } from './install.ts'
import { parseReport } from './report-body.ts'
import { scriptRoutes } from './script.ts'
import './step.ts'

export type ProvisioningOptions = {
  boot: BootService
  callbacks: Callbacks
  loaders: Loaders
  report: ReportStep
  onInternal: (error: Error, request: string) => void
}

/** Bytes of a report; facts and messages are short. */
const BODY_LIMIT = 65_536
const MAX_CONNECTIONS = 4096

/**
 * The plain HTTP that machines speak: scripts, boot files, install files and reports. It shares no
 * route with the admin side.
 */
export function provisioningServer(options: ProvisioningOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    frameworkErrors: answerUnreadable,
    // A machine may stall on a slow console or a lossy link; one that is silent for two minutes is gone.
    connectionTimeout: 120_000,
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 200 }
  })
  app.server.maxConnections = MAX_CONNECTIONS
  answerProblems(app, options.onInternal)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, parseReport)
  app.addHook('onResponse', async (request, reply) => {
    const { answered, outcome = 'answered', level = 'info', keep = true } = request.step ?? {}
    const failed = reply.statusCode >= 400
    options.report({
      protocol: 'http',
      ...(request.step?.mac ? { mac: request.step.mac } : {}),
      address: request.ip as Ipv4,
      asked: request.step?.asked ?? `${request.method} ${withoutToken(request.url)}`,
      answered: failed ? `${reply.statusCode} ${request.problem ?? ''}`.trim() : (answered ?? String(reply.statusCode)),
      keep: keep || failed,
      level: failed && reply.statusCode >= 500 ? 'warn' : level,
      outcome: failed ? `status-${reply.statusCode}` : outcome
    })
  })
  app.addHook('onError', async (request, _reply, error) => {
    request.problem = error.message
  })
  app.decorateRequest('step')
  app.decorateRequest('problem')
  scriptRoutes(app, options)
  installRoutes(app, options)
  fileRoutes(app, options)
  return app
}

/** The path for the log. A request that is refused before its route runs may hold a token that is good. */
function withoutToken(url: string): string {
  const [path = ''] = url.split('?')
  return path.replace(/(\/attempts\/)[^/]+/, '$1TOKEN')
}
