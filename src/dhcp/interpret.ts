import { hexOf } from '../net/bytes.ts'
import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import { isStationMac, type Mac, macFromBytes } from '../net/mac.ts'
import type { Options } from '../net/options/kinds.ts'
import { IPXE, OPTION, RELAY_AGENT, readRelayAgent } from '../net/options/table.ts'
import type { Cast } from '../net/udp.ts'
import type { Client, RequestState } from './allocator.ts'
import { firmwareOf, traitsOf } from './classify.ts'
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

type Asked = {
  readonly client: Client
  /** What option 54 of the answer says. */
  readonly serverId: Ipv4
  /** Options that were left out of account because they make no sense, a sentence each. */
  readonly ignored: readonly string[]
}

/** Whom a REQUEST is to, by option 54. */
export type Addressee =
  /** It names no server. */
  | 'any'
  | 'this'
  /** The other instance, which is gone. */
  | 'partner'
  /** RFC 5107: the relay agent, in the place of whichever server made the offer. */
  | 'relay'

/** What a packet asks for, or tells. */
export type Request =
  | (Asked & { readonly message: 'DISCOVER'; readonly requested: Ipv4 | undefined })
  | (Asked & {
      readonly message: 'REQUEST'
      readonly to: Addressee
      readonly state: RequestState
      readonly address: Ipv4
    })
  /** From the address that the client already uses (DHCPINFORM), has no more use for, or found in use. */
  | (Asked & { readonly message: 'INFORM' | 'RELEASE' | 'DECLINE'; readonly address: Ipv4 })
  | (Asked & { readonly message: 'BOOTP' })
  /** The client took another server's offer; that one answers. */
  | { readonly message: 'elsewhere'; readonly what: string; readonly server: Ipv4 }
  /** A message that gets no answer here, such as one of another hardware than Ethernet. */
  | { readonly message: 'unhandled'; readonly what: string }

const NONE: readonly never[] = []

/** RFC 1123's host names, and the underscores of Windows. Anything else from option 12 has no place in a log or a zone. */
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/

/** All zeros or all ones: the board was never given one (SMBIOS, 7.2.1). */
const UNSET_UUID = /^(?:[0-]+|[f-]+)$/

/** RFC 1542, section 4.1.1: what was relayed more often goes round in circles. */
const MOST_HOPS = 16

/** Bytes, RFC 2132's of any option: it is kept with the lease, so one of RFC 3396's length would be a means to fill the memory. */
const LONGEST_CLIENT_ID = 255

/** Bytes: the bus's type, the card's vendor and device. It is kept with the machine. */
const BUS_ID_LENGTH = 5

/**
 * @param gone the other instance's addresses while it is gone: what is to these is taken as if it were to this instance, which
 *   answers in that one's name. The client would not know an answer to its REQUEST by another.
 * @throws {MalformedPacket} when an option that the answer depends on makes no sense.
 */
export function interpret(packet: Packet, arrival: Arrival, gone: readonly Ipv4[] = NONE): Request {
  const odd = unanswerable(packet)
  if (odd !== undefined) return { message: 'unhandled', what: odd }
  const mac = macFromBytes(packet.chaddr)
  if (!isStationMac(mac)) throw new MalformedPacket('hardware-address', `${mac} can't be a machine's own address`)

  const type = read(packet.options, OPTION.messageType)
  // What a client says in a relay agent's name doesn't count.
  const relayAgent = packet.giaddr === UNSPECIFIED ? undefined : packet.options.get(OPTION.relayAgent.code)
  const override = relayAgent && readRelayAgent(relayAgent, RELAY_AGENT.serverIdOverride)
  const named = type === MESSAGE.DISCOVER ? undefined : read(packet.options, OPTION.serverId)
  const to = addresseeOf(named, override, arrival.servers, gone)
  if (to === 'elsewhere') return { message: 'elsewhere', what: messageName(type), server: named as Ipv4 }
  // To a client that chose another of this instance's addresses, that address is the server.
  const serverId = (to === 'partner' ? named : override) ?? named ?? arrival.server
  const { client, ignored } = clientOf(packet, mac, relayAgent, arrival)
  const bound = packet.ciaddr === UNSPECIFIED ? undefined : packet.ciaddr
  switch (type) {
    case undefined:
      return { message: 'BOOTP', client, serverId, ignored }
    case MESSAGE.DISCOVER: {
      const requested = read(packet.options, OPTION.requestedAddress)
      return { message: 'DISCOVER', client, serverId, ignored, requested }
    }
    case MESSAGE.REQUEST: {
      const requested = read(packet.options, OPTION.requestedAddress)
      const address = named === undefined ? (bound ?? requested) : (requested ?? bound)
      if (address === undefined) throw without('REQUEST', 'without option 50 and without ciaddr')
      const state = stateOf(packet, named, arrival.cast)
      return { message: 'REQUEST', client, serverId, ignored, to, address, state }
    }
    case MESSAGE.INFORM:
      if (bound === undefined) throw without('INFORM', 'without ciaddr')
      return { message: 'INFORM', client, serverId, ignored, address: bound }
    case MESSAGE.RELEASE:
      if (bound === undefined) throw without('RELEASE', 'without ciaddr')
      return { message: 'RELEASE', client, serverId, ignored, address: bound }
    case MESSAGE.DECLINE: {
      const declined = read(packet.options, OPTION.requestedAddress)
      if (declined === undefined) throw without('DECLINE', 'without option 50')
      return { message: 'DECLINE', client, serverId, ignored, address: declined }
    }
    default:
      return { message: 'unhandled', what: messageName(type) }
  }
}

/** Why a packet isn't a client's to this server. */
function unanswerable({ op, htype, chaddr, hops }: Packet): string | undefined {
  if (op !== BOOTREQUEST) return `a message with op ${op}`
  if (htype !== ETHERNET || chaddr.length !== 6) return `hardware type ${htype} with ${chaddr.length} bytes of address`
  return hops > MOST_HOPS ? `a message relayed ${hops} times: relay agents send it round in circles` : undefined
}

function addresseeOf(
  named: Ipv4 | undefined,
  override: Ipv4 | undefined,
  servers: readonly Ipv4[],
  gone: readonly Ipv4[]
): Addressee | 'elsewhere' {
  if (named === undefined) return 'any'
  if (servers.includes(named)) return 'this'
  if (named === override) return 'relay'
  return gone.includes(named) ? 'partner' : 'elsewhere'
}

function without(message: string, what: string): MalformedPacket {
  return new MalformedPacket('no-address', `${/^[AEIOU]/.test(message) ? 'an' : 'a'} ${message} ${what}`)
}

/** RFC 2131, section 4.3.2: which fields are set tells the state. A relay agent is reached by broadcast. */
function stateOf({ ciaddr, giaddr }: Packet, named: Ipv4 | undefined, cast: Cast): RequestState {
  if (named !== undefined) return 'selecting'
  if (ciaddr === UNSPECIFIED) return 'init-reboot'
  return cast === 'unicast' && giaddr === UNSPECIFIED ? 'renewing' : 'rebinding'
}

function clientOf(
  { options, giaddr, ciaddr }: Packet,
  mac: Mac,
  relayAgent: Uint8Array | undefined,
  arrival: Arrival
): { client: Client; ignored: readonly string[] } {
  const ignored: string[] = []
  const ignore = (error: Error) => ignored.push(error.message)
  const hostName = readIfValid(options, OPTION.hostName, ignore)
  const isName = hostName !== undefined && HOST_NAME.test(hostName)
  if (hostName !== undefined && !isName) {
    ignored.push('option 12 (host-name): a host name has letters, digits, dots and hyphens')
  }
  const uuid = readIfValid(options, OPTION.machineId, ignore)
  const clientId = options.get(OPTION.clientId.code)
  if (clientId !== undefined && clientId.length > LONGEST_CLIENT_ID) {
    throw new MalformedPacket('option-value', `option 61 (dhcp-client-identifier): ${clientId.length} bytes`)
  }
  const ipxe = readIfValid(options, OPTION.ipxe, ignore)
  const busId = ipxe && readIfValid(ipxe, IPXE.busId)
  const traits = traitsOf(options)
  // All fields are there always: objects of one shape are several times as fast to make and to read.
  const client: Client = {
    mac,
    clientId: clientId && hexOf(clientId, ''),
    link: linkOf(options, giaddr, ciaddr, relayAgent, arrival),
    relay: giaddr === UNSPECIFIED ? undefined : giaddr,
    server: arrival.server,
    firmware: firmwareOf(traits),
    architectures: traits.architectures,
    vendorClass: traits.vendorClass,
    userClasses: traits.userClasses,
    uuid: uuid === undefined || UNSET_UUID.test(uuid) ? undefined : uuid,
    busId: busId?.length === BUS_ID_LENGTH ? hexOf(busId, ':') : undefined,
    hostName: isName ? hostName : undefined
  }
  return { client, ignored }
}

/**
 * An address on the client's link. A relay agent tells it: by link selection where the agent's own
 * address isn't on that link (RFC 3527), else by giaddr. A client may select it (RFC 3011). One that renews does so by
 * itself, from behind any number of routers: there its own address is all there is. A broadcast's client is on
 * the interface's link, whatever address it had elsewhere.
 */
function linkOf(
  options: Options,
  giaddr: Ipv4,
  ciaddr: Ipv4,
  relayAgent: Uint8Array | undefined,
  arrival: Arrival
): Ipv4 {
  const link = relayAgent && readRelayAgent(relayAgent, RELAY_AGENT.linkSelection)
  if (link !== undefined) return link
  const selected = options.has(OPTION.subnetSelection.code) && readIfValid(options, OPTION.subnetSelection)
  if (selected) return selected
  if (giaddr !== UNSPECIFIED) return giaddr
  return arrival.cast === 'unicast' && ciaddr !== UNSPECIFIED ? ciaddr : arrival.server
}

function messageName(type: number | undefined): string {
  if (type === undefined) return 'BOOTP'
  const name = Object.entries(MESSAGE).find(([, value]) => value === type)?.[0]
  return name ?? `message type ${type}`
}
