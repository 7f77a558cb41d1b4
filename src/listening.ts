import type { FastifyInstance } from 'fastify'
import { startErrorOf } from './start-error.ts'

/** Has an HTTP server listen. @throws {StartError} that names what couldn't listen where. */
export async function listen(app: FastifyInstance, what: string, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    throw startErrorOf(error as Error, `${what} can't listen on ${host}:${port}`)
  }
}
