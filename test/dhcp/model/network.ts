import { encode } from '../../../src/dhcp/codec.ts'
import type { Arrival } from '../../../src/dhcp/interpret.ts'
import { entry, MESSAGE } from '../../../src/dhcp/options.ts'
import type { Subnet } from '../../../src/inventory/model.ts'
import { contains, type Ipv4, UNSPECIFIED } from '../../../src/net/ipv4.ts'
import { macToBytes } from '../../../src/net/mac.ts'
import { OPTION } from '../../../src/net/options/table.ts'
import { OWN, subnet } from '../../support/inventory.ts'
import { ip, mac } from '../../support/values.ts'
import { packet } from '../vectors.ts'

/** Two links with few addresses, and what clients on them send. */

export type Link = {
  readonly subnet: Subnet
  /** The addresses of its pool that no service uses. */
  readonly pool: readonly Ipv4[]
}

/** The first is the server's own, the second behind a relay agent and not for it to say what is wrong there. */
export const LINKS: readonly [Link, Link] = [
  {
    subnet: subnet({
      ...{ cidr: '10.77.0.0/24', gateway: '10.77.0.98', dns: ['10.77.0.99'], ntp: [], lease: 600 },
      pools: [{ from: '10.77.0.97', to: '10.77.0.103' }]
    }),
    pool: ['10.77.0.97', '10.77.0.100', '10.77.0.101', '10.77.0.102', '10.77.0.103'].map(ip)
  },
  {
    subnet: subnet({
      ...{ cidr: '10.78.0.0/24', gateway: '10.78.0.1', dns: [], ntp: [], lease: 3600, authoritative: false },
      pools: [{ from: '10.78.0.100', to: '10.78.0.102' }]
    }),
    pool: ['10.78.0.100', '10.78.0.101', '10.78.0.102'].map(ip)
  }
]

export const RELAY_AGENT = ip('10.78.0.1')
const CIRCUIT = entry(OPTION.relayAgent, new Map([[1, Uint8Array.of(0x65, 0x30)]]))

export type Kind =
  | 'discover'
  | 'selecting'
  | 'init-reboot'
  | 'renewing'
  | 'rebinding'
  | 'release'
  | 'decline'
  | 'inform'
  | 'bootp'
export type RequestKind = Extract<Kind, 'selecting' | 'init-reboot' | 'renewing' | 'rebinding'>

/** What a client sends. `address`: which one it asks for or tells of; a DISCOVER may ask for none. */
export type Message = {
  readonly kind: Kind
  readonly who: number
  readonly link: Link
  /** Firmware, installer and operating system of one machine call themselves differently. */
  readonly clientId: number
  readonly address: Ipv4 | undefined
}

export function isOn({ subnet }: Link, address: Ipv4): boolean {
  return contains(subnet.cidr, address)
}

/** Where a message tells that its client is: who goes on by unicast only tells its address. */
export function linkOf({ kind, link, address }: Message): Link | undefined {
  const tellsAddress = address !== undefined && (kind === 'renewing' || kind === 'inform')
  return tellsAddress ? LINKS.find((each) => isOn(each, address)) : link
}

/** The message as it reaches the server. */
export function datagramOf(message: Message, xid: number): { bytes: Uint8Array; arrival: Arrival } {
  const { kind, who, link, clientId, address } = message
  const unicast = kind === 'renewing' || kind === 'release'
  const isRelayed = !unicast && link === LINKS[1]
  const bound = kind === 'renewing' || kind === 'rebinding' || kind === 'release' || kind === 'inform'
  const options = [
    ...(kind === 'bootp' ? [] : [entry(OPTION.messageType, typeOf(kind))]),
    ...(kind === 'selecting' || kind === 'release' || kind === 'decline' ? [entry(OPTION.serverId, OWN)] : []),
    ...(address === undefined || bound ? [] : [entry(OPTION.requestedAddress, address)]),
    ...(clientId === 0 ? [] : [entry(OPTION.clientId, Uint8Array.of(0, clientId, who))]),
    ...(isRelayed ? [CIRCUIT] : [])
  ]
  const fields = {
    xid,
    chaddr: macToBytes(mac(who)),
    ciaddr: bound && address !== undefined ? address : UNSPECIFIED,
    giaddr: isRelayed ? RELAY_AGENT : UNSPECIFIED
  }
  const cast = unicast || isRelayed ? 'unicast' : 'broadcast'
  return { bytes: encode(packet(fields, options)), arrival: { server: OWN, servers: [OWN], cast } }
}

function typeOf(kind: Exclude<Kind, 'bootp'>): number {
  switch (kind) {
    case 'discover':
      return MESSAGE.DISCOVER
    case 'release':
      return MESSAGE.RELEASE
    case 'decline':
      return MESSAGE.DECLINE
    case 'inform':
      return MESSAGE.INFORM
    default:
      return MESSAGE.REQUEST
  }
}
