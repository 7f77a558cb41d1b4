import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { TemplateError } from '../boot/render.ts'
import { BootRefusal } from '../boot/service.ts'
import { InventoryError } from '../inventory/errors.ts'
import { ContentError } from '../net/content/verified-files.ts'
import { fieldOf, findingOf } from '../net/validation.ts'

/** An error as people and scripts get it: application/problem+json (RFC 9457) with a stable `code`. */
export type Problem = {
  status: number
  code: string
  title: string
  detail: string
  errors?: readonly { field: string; message: string }[]
}

/** Every code with its status and title; scripts may rely on them. */
const CATALOGUE: Record<string, readonly [status: number, title: string]> = {
  invalid: [400, 'The request is invalid'],
  'invalid-json': [400, 'The body is not JSON'],
  unauthorized: [401, 'A valid bearer token is needed'],
  'wrong-source': [403, 'The request comes from an address that does not speak for the machine'],
  'no-lease': [403, 'The request comes from an address without a lease'],
  'already-installing': [403, 'The install has begun: its files are closed'],
  'not-found': [404, 'There is no such thing'],
  'unknown-token': [404, 'There is no such attempt'],
  taken: [409, 'It belongs to another'],
  'in-use': [409, 'Something else refers to it'],
  'wrong-state': [409, "The machine's state does not allow it"],
  'no-address': [409, 'No address is free'],
  refused: [409, 'The other instance refuses'],
  ended: [410, 'The attempt has ended'],
  stale: [412, 'It was changed since it was read'],
  'no-such-range': [416, 'The file has no such part'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body is of a type that is not understood'],
  template: [422, 'The template cannot be rendered'],
  'not-serving': [503, 'This instance serves nobody now'],
  'too-many': [503, 'There are too many already'],
  'file-changed': [503, 'The file was changed on disk'],
  unreadable: [503, 'The disk does not give the file'],
  unreachable: [503, 'The other instance cannot be reached'],
  internal: [500, 'Something failed here']
}

export function problem(code: string, detail: string, errors?: Problem['errors']): Problem {
  const [status, title] = CATALOGUE[code] ?? (CATALOGUE.internal as readonly [number, string])
  return { status, code, title, detail, ...(errors && errors.length > 0 ? { errors } : {}) }
}

/** What an error means to the one who asked. Anything unforeseen is `internal`, its details for the log alone. */
export function problemOf(error: FastifyError | Error): Problem {
  if (error instanceof InventoryError) return problem(error.code, error.message, error.fields)
  if (error instanceof BootRefusal) return problem(error.code, error.message)
  if (error instanceof ContentError) return problem(error.code, error.message)
  if (error instanceof TemplateError) return problem('template', error.message)
  if ('validation' in error && error.validation) {
    const context = error.validationContext === 'body' ? '' : `${error.validationContext}.`
    const errors = error.validation.map((each) => {
      const { path, message } = findingOf(each as Parameters<typeof findingOf>[0])
      return { field: context + fieldOf(path) || 'the body', message }
    })
    return problem('invalid', errors.map(({ field, message }) => `${field}: ${message}`).join('; '), errors)
  }
  const status = 'statusCode' in error ? error.statusCode : undefined
  if (status === 413) return problem('too-large', error.message)
  if (status === 415) return problem('unsupported-media-type', error.message)
  if (error instanceof SyntaxError || ('code' in error && error.code.startsWith('FST_ERR_CTP_'))) {
    return problem('invalid-json', error.message)
  }
  if (status !== undefined && status >= 400 && status < 500) return problem('invalid', error.message)
  return problem('internal', 'the log has the details')
}

/** For URLs that reach no route because they can't be read: the option `frameworkErrors` of both servers. */
export function answerUnreadable(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  sendProblem(reply, problemOf(error))
}

export function sendProblem(reply: FastifyReply, answer: Problem): FastifyReply {
  return reply.status(answer.status).type('application/problem+json').send(answer)
}

/** Makes every failure of a server, and every unknown route, a problem. @param onInternal told of errors nobody foresaw. */
export function answerProblems(app: FastifyInstance, onInternal: (error: Error, request: string) => void): void {
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const answer = problemOf(error)
    if (answer.code === 'internal') onInternal(error, `${request.method} ${request.routeOptions.url ?? request.url}`)
    return sendProblem(reply, answer)
  })
  app.setNotFoundHandler((request, reply) => {
    return sendProblem(reply, problem('not-found', `there is no ${request.method} ${request.url.split('?')[0]}`))
  })
}
