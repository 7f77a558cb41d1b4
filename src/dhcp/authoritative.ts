import type { Allocator, LeaseChange } from './allocator.ts'
import { answer } from './answer.ts'
import { describeRequest } from './describe.ts'
import { interpret } from './interpret.ts'
import type { Role } from './role.ts'
import { type DhcpServer, type ServerOptions, serve } from './server.ts'

export type AuthoritativeOptions = ServerOptions & { readonly allocator: Allocator }

/**
 * Serves DHCP on networks whose addresses it gives out.
 * @throws {SocketError} (net/udp.ts) when an interface can't be served; then none is.
 */
export function start({ allocator, ...options }: AuthoritativeOptions): Promise<DhcpServer> {
  const role: Role<LeaseChange> = (packet, arrival) => {
    const request = interpret(packet, arrival)
    return { asked: () => describeRequest(packet, request), answer: () => answer(request, packet, allocator) }
  }
  return serve(options, allocator, role)
}
