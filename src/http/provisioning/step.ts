import type { Mac } from '../../net/mac.ts'
import type { Step } from '../../net/step.ts'

/** What a route says of a request, for the log; tokens are left out. */
export type RequestStep = {
  asked: string
  answered?: string
  mac?: Mac
  outcome?: string
  keep?: Step['keep']
  level?: 'debug' | 'info' | 'warn'
}

declare module 'fastify' {
  interface FastifyRequest {
    step?: RequestStep
    /** The message of the error that the request ended in. */
    problem?: string
  }
}
