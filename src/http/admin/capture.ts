import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { Endpoint } from '../../net/endpoint.ts'
import type { Ipv4 } from '../../net/ipv4.ts'
import type { Mac } from '../../net/mac.ts'
import { macOf } from '../mac.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

/** What the DHCP side remembers of the latest packets. */
export interface DhcpTrace {
  /** The latest so many, oldest first. @param macs left out: of all clients. */
  exchanges(macs: readonly Mac[] | undefined, limit: number): readonly DhcpExchange[]
  /** A capture file, in pieces. */
  pcap(macs: readonly Mac[] | undefined): Iterable<Uint8Array>
}

export type DhcpExchange = {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly mac: Mac | undefined
  readonly interface: string
  readonly from: Endpoint
  /** The relay agent that it came through. */
  readonly relay: Ipv4 | undefined
  /** What the client sent, in one line. */
  readonly asked: string
  readonly outcome: string
  readonly answered: string
  readonly reasons: readonly string[]
  /** The request and the reply, as text of several lines each. */
  packets(): readonly string[]
}

const LIMIT = 20
/** Packets are decoded when they are asked for: so many take some milliseconds. */
const MAX_LIMIT = 100

/** `/exchanges` and `/capture`: the latest DHCP packets, decoded or as a file for Wireshark. */
export function captureRoutes(app: AdminApp, { boot, trace }: AdminOptions): void {
  const { inventory } = boot.facts
  const mac = Type.Optional(Type.String())
  const limit = Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,8}$' }))
  const tags = ['exchanges']

  const query = Type.Object({ mac, limit }, { additionalProperties: false })
  const description = `The latest ${LIMIT} exchanges, or \`limit\`, at most ${MAX_LIMIT}; oldest first, with their packets decoded.`
  app.get('/exchanges', { schema: { tags, querystring: query, description } }, (request) => {
    const wanted = Math.min(Number(request.query.limit ?? LIMIT), MAX_LIMIT)
    const items = trace.exchanges(macsOf(request.query.mac), wanted).map((exchange) => ({
      ...exchangeView(exchange, true),
      machine: (exchange.mac && inventory.machineByMac(exchange.mac)?.name) ?? null
    }))
    return { items }
  })

  const captureQuery = Type.Object({ mac }, { additionalProperties: false })
  app.get('/capture', { schema: { tags, querystring: captureQuery } }, (request, reply) => {
    const macs = macsOf(request.query.mac)
    const name = ['tandem', ...(macs ?? [])].join('-').replaceAll(':', '-')
    return reply
      .type('application/vnd.tcpdump.pcap')
      .header('content-disposition', `attachment; filename="${name}.pcap"`)
      .send(Readable.from(trace.pcap(macs)))
  })
}

export function exchangeView(exchange: DhcpExchange, withPackets: boolean): object {
  const { time, mac, interface: at, from, asked, outcome, answered, reasons } = exchange
  return {
    time: new Date(time).toISOString(),
    mac: mac ?? null,
    interface: at,
    from: `${from.address}:${from.port}`,
    asked,
    outcome,
    answered,
    reasons,
    ...(withPackets && { packets: exchange.packets() })
  }
}

function macsOf(mac: string | undefined): readonly Mac[] | undefined {
  return mac === undefined ? undefined : [macOf(mac)]
}
