import type { FastifyRequest } from 'fastify'

/**
 * Reads a report's body by its content, not its type: wget calls JSON a form unless told
 * otherwise, and iPXE builds that can post send real forms.
 * @throws {SyntaxError} with status 400, when it looks like JSON and isn't.
 */
export async function parseReport(_request: FastifyRequest, body: string | Buffer): Promise<unknown> {
  const text = body.toString().trim()
  if (!text.startsWith('{')) return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text)
  } catch (error) {
    throw Object.assign(new SyntaxError(`the body is not JSON: ${(error as Error).message}`), { statusCode: 400 })
  }
}
