import type { FastifyRequest } from 'fastify'

/**
 * Reads a report's body by its content, not its type: wget calls JSON a form unless told
 * otherwise, and iPXE posts real forms.
 * @throws {SyntaxError} with status 400, when it looks like JSON and isn't.
 */
export function parseReport(_request: FastifyRequest, body: string | Buffer, done: (error: Error | null, value?: unknown) => void): void {
  const text = body.toString().trim()
  if (!text.startsWith('{')) return done(null, Object.fromEntries(new URLSearchParams(text)))
  try {
    done(null, JSON.parse(text))
  } catch (error) {
    done(Object.assign(new SyntaxError(`the body is not JSON: ${(error as Error).message}`), { statusCode: 400 }))
  }
}
