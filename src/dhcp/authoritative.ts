import { randomBytes } from 'node:crypto'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Allocator, LeaseChange } from './allocator.ts'
import { type Answer, answer, nothing } from './answer.ts'
import type { Packet } from './codec.ts'
import { describeRequest } from './describe.ts'
import { ForeignServers, madeUpMac, probe, type Sign, signIn } from './foreign.ts'
import { interpret, type Request } from './interpret.ts'
import { type Partner, standingInFor } from './partner.ts'
import type { Role } from './role.ts'
import { type DhcpServer, type ServerOptions, serve } from './server.ts'
import { Shares } from './shares.ts'
import { shared } from './split.ts'

export type AuthoritativeOptions = ServerOptions & {
  readonly allocator: Allocator
  /** The other instance that serves the same networks, where there is one. */
  readonly partner?: Partner | undefined
  /** Gives so many random bytes; default: the system's. */
  readonly random?: (bytes: number) => Buffer
}

const NONE: readonly never[] = []

/** Milliseconds between two looks for other servers. */
const PROBE_INTERVAL = 600_000

/**
 * Serves DHCP on networks whose addresses it gives out, and tells of other servers that give out addresses
 * there.
 * @throws {SocketError} (net/udp.ts) when an interface can't be served; then none is.
 */
export async function start(options: AuthoritativeOptions): Promise<DhcpServer> {
  const { allocator, partner, random = randomBytes } = options
  const probing = madeUpMac(random(6))
  const foreign = new ForeignServers(options.now)
  const shares = partner && new Shares(partner, options.now)
  const role: Role<LeaseChange> = (packet, arrival, { from, socket }) => {
    const partners = partner?.servers ?? NONE
    const request = interpret(packet, arrival, standingInFor(partner))
    const sign = signIn(packet, request, arrival, from.address, probing, partners)
    return {
      asked: () => (sign?.by === 'offer' ? 'an OFFER to the probe' : describeRequest(packet, request)),
      answer() {
        if (isProbe(request, probing)) return nothing('probe', 'debug', 'it is its own')
        if (isProbeOf(partners, request, packet)) return nothing('probe', 'debug', "it is the other instance's")
        // Before anything else: also what is answered by nobody here tells how far a client is.
        const share = shares?.of(request, packet, arrival) ?? 'own'
        if (sign !== undefined) return noticed(sign, socket.at.name, foreign.note(sign.server, socket.at.name))
        return shared(share, () => answer(request, packet, allocator))
      }
    }
  }
  // Where each commit waits for the other instance, fewer and larger ones cost less (decision 012).
  const commitsAtOnce = () => (partner === undefined || partner.isGone() ? 2 : 1)
  const server = await serve({ ...options, commitsAtOnce }, allocator, role)
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

/** The other instance looks for servers as a relay agent at its own address. */
function isProbeOf(partners: readonly Ipv4[], { message }: Request, { giaddr }: Packet): boolean {
  return message === 'DISCOVER' && partners.includes(giaddr)
}

function noticed({ server }: Sign, link: string, isNews: boolean): Answer<never> {
  if (!isNews) return nothing('foreign-server', 'debug', `${server} gives addresses on ${link}, as was told`)
  const what = `another DHCP server, ${server}, gives addresses on ${link}, and machines that take them may not boot`
  return nothing('foreign-server', 'warn', `${what}: stop it, or set provisioning.dhcp.mode to proxy or off`)
}
