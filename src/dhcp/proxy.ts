import { OPTION } from '../net/options/table.ts'
import { SocketError } from '../net/udp.ts'
import type { Packet } from './codec.ts'
import { describeRequest, firmwareOf } from './describe.ts'
import { type Arrival, interpret, type Request } from './interpret.ts'
import { readIfValid } from './options.ts'
import { type Partner, standingInFor } from './partner.ts'
import { type Adviser, bootServerAnswer, proxyAnswer, type Sighting } from './proxy-answer.ts'
import { BOOT_SERVER_OFFSET } from './proxy-port.ts'
import type { Role } from './role.ts'
import { type DhcpServer, type ServerOptions, serve } from './server.ts'
import { isHeardByBoth, type Share, Split, shared } from './split.ts'

export type ProxyOptions = ServerOptions & {
  readonly adviser: Adviser
  /** The other instance that serves the same networks, where there is one. */
  readonly partner?: Partner | undefined
}

export type ProxyServer = Pick<DhcpServer, 'endpoints' | 'close'> & {
  /** Where it listens as boot server. */
  readonly bootEndpoints: DhcpServer['endpoints']
}

/**
 * Milliseconds after which a DISCOVER of the same firmware is no retry. That a client takes the address server's offer tells
 * nothing here: without a word of what to boot it does so too, in vain, and asks again when the machine is through its self-test,
 * some minutes later. Where it was told, the next to ask is its loader.
 */
const PATIENCE = 600_000

/**
 * Serves ProxyDHCP (PXE 2.1, section 2.2): tells PXE clients what they boot, beside another server that gives
 * them their addresses.
 * @throws {SocketError} (net/udp.ts) when a port can't be had; then none is.
 */
export async function start({ adviser, partner, ...options }: ProxyOptions): Promise<ProxyServer> {
  const { port, now } = options
  const split = partner && new Split(partner, now)
  const bootSplit = partner && new Split(partner, now)
  const proxy: Role<Sighting> = (packet, arrival) => {
    const request = interpret(packet, { ...arrival, servers: serversOf(packet, arrival) })
    return {
      asked: () => describeRequest(packet, request),
      answer: () => shared(shareOf(request, packet, arrival, split), () => proxyAnswer(request, packet, adviser))
    }
  }
  const bootServer: Role<Sighting> = (packet, arrival, { from }) => {
    // Its address is where it asks from, whatever it says: nobody else is sent the answer.
    const request = interpret({ ...packet, ciaddr: from.address }, arrival, standingInFor(partner))
    return {
      asked: () =>
        'client' in request ? `boot server request from ${firmwareOf(request)}` : describeRequest(packet, request),
      // By unicast, as a rule: then this instance alone is meant.
      answer: () =>
        shared(shareOfBroadcast(request, packet, arrival, bootSplit), () =>
          bootServerAnswer(request, packet, from, adviser)
        )
    }
  }
  const beside = await explaining(serve(options, adviser, proxy))
  const boot = await explaining(
    serve({ ...options, port: port === 0 ? 0 : port + BOOT_SERVER_OFFSET }, adviser, bootServer)
  ).catch(async (error) => {
    await beside.close()
    throw error
  })
  return {
    endpoints: beside.endpoints,
    bootEndpoints: boot.endpoints,
    async close() {
      await Promise.all([beside.close(), boot.close()])
    }
  }
}

/** Only what is answered is shared out: both take in where clients are. */
function shareOf(request: Request, packet: Packet, { cast }: Arrival, split: Split | undefined): Share {
  if (split === undefined || request.message !== 'DISCOVER' || !isHeardByBoth(packet, cast)) return 'own'
  const { name } = request.client.firmware
  return name === 'os' ? 'own' : split.of(packet, name, PATIENCE)
}

function shareOfBroadcast(request: Request, packet: Packet, { cast }: Arrival, split: Split | undefined): Share {
  if (split === undefined || cast !== 'broadcast' || !('client' in request)) return 'own'
  return split.of(packet, request.message, PATIENCE)
}

/** Whomever a REQUEST is to, it tells where the client is. */
function serversOf({ options }: Packet, { servers }: Arrival): Arrival['servers'] {
  const named = readIfValid(options, OPTION.serverId)
  return named === undefined ? servers : [...servers, named]
}

/** That another server is there is what this one is for, but not on the same host. */
async function explaining<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening
  } catch (error) {
    if (!(error instanceof SocketError) || error.code !== 'EADDRINUSE') throw error
    const advice = 'or run Tandem on another host: of two servers on one, a unicast reaches only one'
    throw new SocketError(error.code, `${error.message}, ${advice}`)
  }
}
