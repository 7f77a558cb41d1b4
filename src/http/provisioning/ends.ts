import type { FastifyRequest } from 'fastify'
import type { Ipv4 } from '../../net/ipv4.ts'

/** The addresses of a request: the machine's, and this instance's that it reached. */
export function ends(request: FastifyRequest): { from: Ipv4; server: Ipv4 } {
  return { from: request.ip as Ipv4, server: request.socket.localAddress as Ipv4 }
}
