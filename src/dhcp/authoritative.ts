import { randomBytes } from 'node:crypto'
import type { Mac } from '../net/mac.ts'
import type { Allocator, LeaseChange } from './allocator.ts'
import { type Answer, answer, nothing } from './answer.ts'
import { describeRequest } from './describe.ts'
import { ForeignServers, madeUpMac, probe, type Sign, signIn } from './foreign.ts'
import { interpret, type Request } from './interpret.ts'
import type { Role } from './role.ts'
import { type DhcpServer, type ServerOptions, serve } from './server.ts'

export type AuthoritativeOptions = ServerOptions & {
  readonly allocator: Allocator
  /** Gives so many random bytes; default: the system's. */
  readonly random?: (bytes: number) => Buffer
}

/** Milliseconds between two looks for other servers. */
const PROBE_INTERVAL = 600_000

/**
 * Serves DHCP on networks whose addresses it gives out, and tells of other servers that give out addresses
 * there.
 * @throws {SocketError} (net/udp.ts) when an interface can't be served; then none is.
 */
export async function start(options: AuthoritativeOptions): Promise<DhcpServer> {
  const { allocator, random = randomBytes } = options
  const probing = madeUpMac(random(6))
  const foreign = new ForeignServers(options.now)
  const role: Role<LeaseChange> = (packet, arrival, { from, socket }) => {
    const request = interpret(packet, arrival)
    const sign = signIn(packet, request, arrival, from.address, probing)
    return {
      asked: () => (sign?.by === 'offer' ? 'an OFFER to the probe' : describeRequest(packet, request)),
      answer() {
        if (sign !== undefined) return noticed(sign, socket.at.name, foreign.note(sign.server, socket.at.name))
        return isProbe(request, probing)
          ? nothing('probe', 'debug', 'it is its own')
          : answer(request, packet, allocator)
      }
    }
  }
  const server = await serve(options, allocator, role)
  const look = () => server.broadcast(({ address }) => probe(probing, address, random(4).readUInt32BE()))
  look()
  const timer = setInterval(look, PROBE_INTERVAL).unref()
  return {
    ...server,
    close() {
      clearInterval(timer)
      return server.close()
    }
  }
}

/** Broadcasts come back to who sends them. */
function isProbe(request: Request, probing: Mac): boolean {
  return request.message === 'DISCOVER' && request.client.mac === probing
}

function noticed({ server }: Sign, link: string, isNews: boolean): Answer<never> {
  if (!isNews) return nothing('foreign-server', 'debug', `${server} gives addresses on ${link}, as was told`)
  const what = `another DHCP server, ${server}, gives addresses on ${link}, and machines that take them may not boot`
  return nothing('foreign-server', 'warn', `${what}: stop it, or set provisioning.dhcp.mode to proxy or off`)
}
