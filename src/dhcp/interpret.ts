import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import { isStationMac, type Mac, macFromBytes } from '../net/mac.ts'
import { IPXE, OPTION, type Option, RELAY_AGENT } from '../net/options/table.ts'
import type { Cast } from '../net/udp.ts'
import type { Client } from './allocator.ts'
import { classify } from './classify.ts'
import { BOOTREQUEST, ETHERNET, type Packet } from './codec.ts'
import { MalformedPacket } from './malformed.ts'
import { MESSAGE, read, readIfValid } from './options.ts'

/** What this instance knows about a packet beside its bytes. */
export type Arrival = {
  /** This instance's address on the interface that the packet came in on. */
  readonly server: Ipv4
  /** All of this instance's addresses that serve DHCP, `server` among them. */
  readonly servers: readonly Ipv4[]
  readonly cast: Cast
}

/** RFC 2131, section 4.3.2. Renewing is told from rebinding by how it was sent, not by what it says. */
export type RequestState = 'selecting' | 'init-reboot' | 'renewing' | 'rebinding'

type Asked = {
  readonly client: Client
  /** What option 54 of the answer says. */
  readonly serverId: Ipv4
  /** Options that were left out of account because they make no sense, a sentence each. */
  readonly ignored: readonly string[]
}

/** What a packet asks for. */
export type Request =
  | (Asked & { readonly message: 'DISCOVER'; readonly requested?: Ipv4 })
  | (Asked & { readonly message: 'REQUEST'; readonly state: RequestState; readonly address: Ipv4 })
  /** The client took another server's offer; that one answers. */
  | { readonly message: 'elsewhere'; readonly mac: Mac; readonly server: Ipv4 }
  /** A message that gets no answer here: another hardware than Ethernet, plain BOOTP, RELEASE, DECLINE, INFORM. */
  | { readonly message: 'unhandled'; readonly what: string }

/** RFC 1123's host names, and the underscores of Windows. Anything else from option 12 has no place in a log or a zone. */
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/

/** All zeros or all ones: the board was never given one (SMBIOS, 7.2.1). */
const UNSET_UUID = /^(?:[0-]+|[f-]+)$/

/** @throws {MalformedPacket} when an option that the answer depends on makes no sense. */
export function interpret(packet: Packet, arrival: Arrival): Request {
  if (packet.op !== BOOTREQUEST) return { message: 'unhandled', what: `a message with op ${packet.op}` }
  if (packet.htype !== ETHERNET || packet.chaddr.length !== 6) {
    return { message: 'unhandled', what: `hardware type ${packet.htype} with ${packet.chaddr.length} bytes of address` }
  }
  const type = read(packet.options, OPTION.messageType)
  if (type !== MESSAGE.DISCOVER && type !== MESSAGE.REQUEST) return { message: 'unhandled', what: messageName(type) }
  const mac = macFromBytes(packet.chaddr)
  if (!isStationMac(mac)) throw new MalformedPacket('hardware-address', `${mac} can't be a machine's own address`)

  const named = read(packet.options, OPTION.serverId)
  const requested = read(packet.options, OPTION.requestedAddress)
  if (type === MESSAGE.DISCOVER) {
    const asked = { message: 'DISCOVER', serverId: arrival.server, ...clientOf(packet, mac, arrival) } as const
    return requested === undefined ? asked : { ...asked, requested }
  }
  if (named !== undefined && !arrival.servers.includes(named)) return { message: 'elsewhere', mac, server: named }
  const bound = packet.ciaddr === UNSPECIFIED ? undefined : packet.ciaddr
  const address = named === undefined ? (bound ?? requested) : (requested ?? bound)
  if (address === undefined) throw new MalformedPacket('no-address', 'a REQUEST without option 50 and without ciaddr')
  return {
    message: 'REQUEST',
    state: stateOf(named, bound, arrival.cast),
    address,
    // To a client that chose another of this instance's addresses, that address is the server.
    serverId: named ?? arrival.server,
    ...clientOf(packet, mac, arrival)
  }
}

/** RFC 2131, section 4.3.2: which fields are set tells the state. */
function stateOf(named: Ipv4 | undefined, bound: Ipv4 | undefined, cast: Cast): RequestState {
  if (named !== undefined) return 'selecting'
  if (bound === undefined) return 'init-reboot'
  return cast === 'unicast' ? 'renewing' : 'rebinding'
}

function clientOf(packet: Packet, mac: Mac, arrival: Arrival): { client: Client; ignored: readonly string[] } {
  const ignored: string[] = []
  const legible = <T>(option: Option<T>) =>
    readIfValid(packet.options, option, (error) => {
      ignored.push(error.message)
    })
  const uuid = legible(OPTION.machineId)
  const clientId = legible(OPTION.clientId)
  const named = legible(OPTION.hostName)
  const hostName = named !== undefined && HOST_NAME.test(named) ? named : undefined
  if (named !== hostName) ignored.push('option 12 (host name): a host name has letters, digits, dots and hyphens')
  const ipxe = legible(OPTION.ipxe)
  const busId = ipxe && readIfValid(ipxe, IPXE.busId)
  const client: Client = {
    mac,
    link: linkOf(packet, arrival),
    server: arrival.server,
    firmware: classify(packet.options),
    ...(clientId && { clientId: Buffer.from(clientId).toString('hex') }),
    ...(uuid && !UNSET_UUID.test(uuid) && { uuid }),
    ...(busId && { busId: Array.from(busId, hex).join(':') }),
    ...(hostName && { hostName })
  }
  return { client, ignored }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

/**
 * An address on the client's link. A relay agent tells it: by link selection where the agent's own
 * address isn't on that link (RFC 3527), else by giaddr. A client that renews does so by itself,
 * from behind any number of routers: there its own address is all there is. A broadcast's client is on
 * the interface's link, whatever address it had elsewhere.
 */
function linkOf(packet: Packet, { server, cast }: Arrival): Ipv4 {
  if (packet.giaddr !== UNSPECIFIED) {
    const relayAgent = readIfValid(packet.options, OPTION.relayAgent)
    return (relayAgent && readIfValid(relayAgent, RELAY_AGENT.linkSelection)) ?? packet.giaddr
  }
  return cast === 'unicast' && packet.ciaddr !== UNSPECIFIED ? packet.ciaddr : server
}

function messageName(type: number | undefined): string {
  if (type === undefined) return 'BOOTP'
  const name = Object.entries(MESSAGE).find(([, value]) => value === type)?.[0]
  return name ?? `message type ${type}`
}
