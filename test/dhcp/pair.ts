import type { ExecutionContext } from 'ava'
import type { Allocator } from '../../src/dhcp/allocator.ts'
import { start } from '../../src/dhcp/authoritative.ts'
import { decode, encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE, read } from '../../src/dhcp/options.ts'
import type { Partner } from '../../src/dhcp/partner.ts'
import type { Endpoint } from '../../src/net/endpoint.ts'
import { type Ipv4, UNSPECIFIED } from '../../src/net/ipv4.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import type { Step } from '../../src/net/step.ts'
import type { Cast, openUdp, UdpHandlers, UdpSocket } from '../../src/net/udp.ts'
import { GRANT, GRANTING, turn } from './loopback.ts'
import { ip, packet, plain } from './vectors.ts'

/** Two instances on one link that is only made up. */

export const OURS = ip('10.77.0.1')
export const THEIRS = ip('10.77.0.2')
export const RELAY = ip('10.88.0.1')
export const LEASED = GRANT.address
/** The last bytes of two MACs: one in a bucket of this instance, one in the other's. */
export const OWN_CLIENT = 3
export const THEIR_CLIENT = 1

/** A partner as a test sets it; every odd bucket is its own. */
export function partnerOf(more: Partial<Partner> = {}): Partner & { gone: boolean } {
  return {
    gone: false,
    servers: [THEIRS],
    isGone() {
      return this.gone
    },
    isOwn: (bucket) => bucket % 2 === 0,
    ...more
  }
}

/** What an instance does on its own link; what it sends is kept. */
export function madeUpLink(address: Ipv4) {
  const at = { name: 'br0', address }
  const handlers = new Map<number, UdpHandlers>()
  const sent: { packet: Packet; to: Endpoint }[] = []
  const open: typeof openUdp = async (_interfaces, port, given) => {
    handlers.set(port, given)
    return [socketAt(port)]
  }
  const socketAt = (port: number): UdpSocket => ({
    at,
    port,
    behind: 0,
    send: (bytes, to) => sent.push({ packet: plain(decode(bytes.slice())), to }),
    close: async () => {}
  })
  return {
    at,
    open,
    sent,
    receive(asked: Packet, cast: Cast, { port, from }: { port: number; from: Endpoint }) {
      handlers.get(port)?.receive({ bytes: encode(asked), from, cast, socket: socketAt(port) })
    }
  }
}

/** A server that gives addresses, with its partner if it has one. */
export async function instance(
  t: Pick<ExecutionContext, 'teardown'>,
  options: {
    readonly address?: Ipv4
    readonly partner?: Partner
    readonly allocator?: Partial<Allocator>
    readonly now?: () => number
  }
) {
  const { address = OURS, partner, allocator, now = () => 0 } = options
  const link = madeUpLink(address)
  const steps: Step[] = []
  const reasons: string[] = []
  const server = await start({
    interfaces: [link.at],
    port: 67,
    open: link.open,
    allocator: { ...GRANTING, ...allocator },
    partner,
    report: (step) => steps.push(step),
    trace: { record: (exchange) => reasons.splice(0, reasons.length, ...exchange.reasons) },
    now
  })
  t.teardown(() => server.close())
  const [probe] = link.sent.splice(0)
  return {
    server,
    steps,
    /** Why the last answer was as it was. */
    reasons,
    /** What it looks for other servers with. */
    probe: probe?.packet as Packet,
    /** @returns what it answers. */
    async hear(asked: Packet, cast: Cast = asked.giaddr === UNSPECIFIED ? 'broadcast' : 'unicast') {
      const told = steps.length
      link.receive(asked, cast, { port: 67, from: { address: asked.giaddr, port: 67 } })
      while (steps.length === told) await turn()
      const { outcome, level, answered, asked: question } = steps.at(-1) as Step
      const [reply] = link.sent.splice(0)
      return {
        outcome,
        level,
        answered,
        asked: typeof question === 'string' ? question : question(),
        reply: reply?.packet,
        kind: reply && messageOf(reply.packet),
        serverId: reply && read(reply.packet.options, OPTION.serverId)
      }
    }
  }
}

function messageOf({ options }: Packet): string | undefined {
  const type = options.get(OPTION.messageType.code)?.[0]
  return Object.entries(MESSAGE).find(([, value]) => value === type)?.[0]
}

export const requested = entry(OPTION.requestedAddress, LEASED)
export const serverId = (address: Ipv4) => entry(OPTION.serverId, address)
export const bound: Partial<Packet> = { ciaddr: LEASED }
/** RFC 5107: the relay agent stands in the server's place. */
export const override = entry(OPTION.relayAgent, new Map([entry(RELAY_AGENT.serverIdOverride, RELAY)]))
export const relayed: Partial<Packet> = { giaddr: RELAY, hops: 1 }

/** A client's packet; one of BOOTP where there is no type. */
export function said(
  type: keyof typeof MESSAGE | undefined,
  client: number,
  options: readonly (readonly [number, Uint8Array])[] = [],
  fields: Partial<Packet> = {}
): Packet {
  const chaddr = Uint8Array.of(0x52, 0x54, 0, 0, client >> 8, client)
  return packet({ chaddr, ...fields }, [...(type ? [entry(OPTION.messageType, MESSAGE[type])] : []), ...options])
}
