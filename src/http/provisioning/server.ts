import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Callbacks } from '../../boot/callbacks.ts'
import type { Loaders } from '../../boot/loaders.ts'
import type { BootService } from '../../boot/service.ts'
import type { ClientCount } from '../../net/client-limits.ts'
import type { Contents } from '../../net/content/contents.ts'
import type { Ipv4 } from '../../net/ipv4.ts'
import type { ReportStep, Step } from '../../net/step.ts'
import type { WatchTransfer } from '../../net/transfer-watch.ts'
import { answerProblems, answerUnreadable, problem, sendProblem } from '../problem.ts'
import { fileRoutes } from './files.ts'
import { installRoutes } from './install.ts'
import { answerQuickly } from './quick.ts'
import { limitConnections } from './refusals.ts'
import { parseReport } from './report-body.ts'
import { scriptRoutes } from './script.ts'
import './step.ts'

export type ProvisioningOptions = {
  boot: BootService
  callbacks: Callbacks
  loaders: Loaders
  contents: Contents
  watch: WatchTransfer
  /** Of connections; servers on several interfaces share one. */
  connections: ClientCount
  report: ReportStep
  /** Whether anybody is served now; left out: always. */
  isServing?: () => boolean
  onInternal: (error: Error, request: string) => void
  timeouts?: Timeouts
}

/** Milliseconds. */
export type Timeouts = {
  /** Without a byte in either direction a connection is ended, also one that takes nothing of what it is sent. */
  readonly idle: number
  /** For a request's headers, and for all of it. */
  readonly headers: number
  readonly request: number
  /** How often these two are looked at. */
  readonly check: number
}

/** A machine may stall on a slow console or a lossy link; one that is silent for two minutes is gone. */
const TIMEOUTS: Timeouts = { idle: 120_000, headers: 20_000, request: 30_000, check: 5000 }

/** Bytes of a report; facts and messages are short. */
const BODY_LIMIT = 65_536

/**
 * The plain HTTP that machines speak: scripts, boot files, install files and reports. It shares no
 * route with the admin side.
 */
export function provisioningServer(options: ProvisioningOptions): FastifyInstance {
  const { idle, headers, request, check } = options.timeouts ?? TIMEOUTS
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    frameworkErrors: answerUnreadable,
    connectionTimeout: idle,
    requestTimeout: request,
    http: { headersTimeout: headers, connectionsCheckingInterval: check },
    routerOptions: { maxParamLength: 200 }
  })
  answerProblems(app, options.onInternal)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, parseReport)
  reportRequests(app, options.report)
  const isRefused = limitConnections(app, options.connections, options.report)
  const { isServing = () => true } = options
  app.addHook('onRequest', async (request, reply) => {
    if (isServing()) return undefined
    request.problem = 'this instance serves nobody now'
    return sendProblem(reply.header('retry-after', '5') as FastifyReply, problem('not-serving', request.problem))
  })
  app.decorateRequest('step')
  app.decorateRequest('problem')
  scriptRoutes(app, options)
  installRoutes(app, options)
  fileRoutes(app, options)
  answerQuickly(app, options.boot, options.report, (socket) => !isServing() || isRefused(socket))
  return app
}

/** Every request is a step once its response has ended, also one that was cut short. */
function reportRequests(app: FastifyInstance, report: ReportStep): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.on('close', () => report(stepOf(request, reply)))
    done()
  })
  app.addHook('onError', async (request, _reply, error) => {
    request.problem = error.message
  })
}

function stepOf(request: FastifyRequest, reply: FastifyReply): Step {
  const { step, problem } = request
  const { mac, asked = `${request.method} ${withoutToken(request.url)}`, level = 'info', keep = true } = step ?? {}
  const { statusCode, writableFinished } = reply.raw
  const known = { protocol: 'http' as const, ...(mac ? { mac } : {}), address: request.ip as Ipv4, asked }
  if (statusCode >= 400) {
    const answered = `${statusCode} ${problem ?? ''}`.trim()
    return { ...known, answered, keep, level: statusCode >= 500 ? 'warn' : level, outcome: `status-${statusCode}` }
  }
  const answered = step?.answered ?? String(statusCode)
  if (writableFinished) return { ...known, answered, keep, level, outcome: step?.outcome ?? 'answered' }
  const why = problem ?? 'the client ended it'
  return {
    ...known,
    answered: `${answered}, cut short: ${why}`,
    keep,
    level: problem ? 'warn' : level,
    outcome: 'cut-short'
  }
}

/** The path for the log. A request that is refused before its route runs may hold a token that is good. */
function withoutToken(url: string): string {
  const [path = ''] = url.split('?')
  return path.replace(/(\/attempts\/)[^/]+/, '$1TOKEN')
}
