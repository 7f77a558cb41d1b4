import type { Socket } from 'node:net'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyReply } from 'fastify'
import type { AddressAllocator } from '../../boot/allocator.ts'
import type { Endpoints } from '../../boot/endpoints.ts'
import type { BootService } from '../../boot/service.ts'
import type { Speakers } from '../../boot/speakers.ts'
import type { Now } from '../../inventory/clock.ts'
import type { Events } from '../../inventory/events.ts'
import { answerProblems, answerUnreadable, problem, sendProblem } from '../problem.ts'
import type { AdminApp } from './app.ts'
import { applyRoutes } from './apply.ts'
import { backupRoutes } from './backup.ts'
import { captureRoutes, type DhcpTrace } from './capture.ts'
import { collectionRoutes } from './collections.ts'
import { explainRoutes } from './explain.ts'
import { fileRoutes } from './files.ts'
import { healthRoutes } from './health.ts'
import { journalRoutes } from './journal.ts'
import { leaseRoutes } from './leases.ts'
import { machineRoutes } from './machines.ts'
import { type PairControl, pairRoutes } from './pair.ts'
import { simulationRoutes } from './simulations.ts'
import { type TransferList, transferRoutes } from './transfers.ts'

export type AdminOptions = {
  tls: { cert: string; key: string }
  boot: BootService
  allocator: AddressAllocator
  endpoints: Endpoints
  speakers: Speakers
  events: Events
  trace: DhcpTrace
  transfers: TransferList
  now: Now
  /** The name of the API token with this secret; undefined when there is none. */
  tokenName: (secret: string) => string | undefined
  /** Whether a connection from this address came in through a provisioning interface. */
  fromMachines: (remote: string, local: string) => boolean
  ready: () => boolean
  pair: PairControl | undefined
  /** The inventory's SQLite file. */
  database: string
  /** Prometheus's text format. */
  metrics: () => Promise<string>
  ports: { http: number; tftp: number; dhcp: number }
  version: string
  onInternal: (error: Error, request: string) => void
  onRefused: (message: string) => void
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The API token's name, once it was checked. */
    actor: string
  }
}

/** Bytes: a whole site's inventory fits into one `apply`. */
const BODY_LIMIT = 64 * 1024 * 1024

/** What people see: REST over TLS, with a bearer token. */
export function adminServer(options: AdminOptions) {
  const app = Fastify({
    https: { ...options.tls, minVersion: 'TLSv1.2' },
    bodyLimit: BODY_LIMIT,
    requestTimeout: 0,
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => answerUnreadable(error, request, reply as FastifyReply),
    ajv: { customOptions: { allErrors: true, removeAdditional: false, coerceTypes: false } }
  })
  app.server.on('connection', (socket: Socket) => {
    if (!options.fromMachines(socket.remoteAddress ?? '', socket.localAddress ?? '')) return
    options.onRefused(`refused a connection from ${socket.remoteAddress}: it came from the provisioning network`)
    socket.destroy()
  })
  answerProblems(app, options.onInternal)
  app.decorateRequest('actor', '')
  app.register(swagger, {
    openapi: {
      info: { title: 'Tandem', version: options.version, description: 'Inventory and boot decisions' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }]
    }
  })
  app.register(async (plain) => healthRoutes(plain, options))
  app.register(
    async (plain) => {
      const api: AdminApp = plain.withTypeProvider<TypeBoxTypeProvider>()
      api.addHook('onRequest', async (request, reply) => {
        const [scheme, secret = ''] = (request.headers.authorization ?? '').split(' ')
        const name = scheme?.toLowerCase() === 'bearer' ? options.tokenName(secret) : undefined
        if (name !== undefined) {
          request.actor = name
          return
        }
        const answer = problem(
          'unauthorized',
          'send `Authorization: Bearer TOKEN`; the first token is in admin.token in the state folder'
        )
        return sendProblem(reply.header('www-authenticate', 'Bearer') as FastifyReply, answer)
      })
      api.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
      const inventory = options.boot.facts.inventory
      machineRoutes(api, options)
      collectionRoutes(api, inventory, options.boot.facts.files)
      fileRoutes(api, options.boot.facts.files)
      applyRoutes(api, inventory, options.boot.facts.files)
      explainRoutes(api, options)
      journalRoutes(api, options)
      transferRoutes(api, options)
      leaseRoutes(api, options)
      captureRoutes(api, options)
      simulationRoutes(api, options)
      pairRoutes(api, options)
      backupRoutes(api, options)
    },
    { prefix: '/api/v1' }
  )
  return app
}
