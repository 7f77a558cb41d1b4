import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { BOOTREPLY, BOOTREQUEST, decode, ETHERNET, encode, type Packet } from '../../dhcp/codec.ts'
import { entry, MESSAGE, read } from '../../dhcp/options.ts'
import { type Ipv4, UNSPECIFIED } from '../../net/ipv4.ts'
import { type Mac, macToBytes } from '../../net/mac.ts'
import { IPXE, OPTION, RELAY_AGENT } from '../../net/options/table.ts'
import { CommandFailed } from '../errors.ts'
import type { Profile } from './profile.ts'

export type DhcpPlace = {
  /** A relay agent sends to all: to both instances of a pair. */
  readonly servers: readonly { address: Ipv4; port: number }[]
  /** The address of this host that speaks as the relay agent; the answers come back to it. */
  readonly relay: Ipv4
  /** The subnet of the simulated machine's link. */
  readonly link: Ipv4
}

export type Lease = {
  address: Ipv4
  hostName: string | null
  nextServer: Ipv4
  /** A file name for TFTP, or a URL. */
  bootFile: string | null
  leaseTime: number
  serverId: Ipv4
}

/** Milliseconds that each request is waited for: twice as long as the one before, as firmware does. */
const WAITS = [2000, 4000, 8000]
const PARAMETERS = [1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203]

/**
 * Gets a lease as a machine does, DISCOVER to ACK, in the guise of a relay agent with a source port
 * of its own (RFC 8357): so it needs neither port 67 nor 68, and the link it stands for is named by
 * link selection (RFC 3527).
 * @throws {CommandFailed} saying where the machine would have stopped.
 */
export class DhcpClient {
  readonly #place: DhcpPlace
  readonly #mac: Mac
  readonly #uuid: string

  constructor(place: DhcpPlace, mac: Mac, uuid: string) {
    this.#place = place
    this.#mac = mac
    this.#uuid = uuid
  }

  /** iPXE's DISCOVER. */
  discover(profile: Profile, xid: number): Packet {
    return this.#request(profile, 'ipxe', xid, MESSAGE.DISCOVER, [])
  }

  /** @param as iPXE says more than the firmware that it replaced. @param seen told of each answer. */
  async lease(profile: Profile, as: 'firmware' | 'ipxe', seen: (text: string) => void): Promise<Lease> {
    const socket = createSocket('udp4')
    socket.bind(0, this.#place.relay)
    await once(socket, 'listening')
    try {
      const xid = randomInt(2 ** 32)
      const discover = this.#request(profile, as, xid, MESSAGE.DISCOVER, [])
      const offer = await exchange(socket, this.#place, discover, 'DISCOVER', [MESSAGE.OFFER])
      const offered = leaseOf(offer)
      if (offered.address === UNSPECIFIED) {
        throw new CommandFailed(
          'the OFFER has no address: in mode proxy another server gives them, and none answers a simulated machine'
        )
      }
      seen(
        `DISCOVER (${as === 'ipxe' ? 'ipxe' : profile.firmware}) -> OFFER ${offered.address}, ${offered.bootFile ?? 'no boot file'}`
      )
      const chosen = [entry(OPTION.requestedAddress, offered.address), entry(OPTION.serverId, offered.serverId)]
      const request = this.#request(profile, as, xid, MESSAGE.REQUEST, chosen)
      const ack = await exchange(socket, this.#place, request, 'REQUEST', [MESSAGE.ACK, MESSAGE.NAK])
      if (read(ack.options, OPTION.messageType) === MESSAGE.NAK) {
        throw new CommandFailed(
          `the REQUEST for ${offered.address} was refused: ${read(ack.options, OPTION.message) ?? 'no reason given'}`
        )
      }
      const lease = leaseOf(ack)
      seen(
        `REQUEST ${lease.address} -> ACK for ${lease.leaseTime} s${lease.hostName ? `, host name ${lease.hostName}` : ''}`
      )
      return lease
    } finally {
      socket.close()
    }
  }

  #request(profile: Profile, as: 'firmware' | 'ipxe', xid: number, type: number, more: [number, Uint8Array][]): Packet {
    const mac = macToBytes(this.#mac)
    const ipxe: [number, Uint8Array][] = [
      [OPTION.userClass.code, Buffer.from('iPXE')],
      entry(OPTION.ipxe, new Map([entry(IPXE.noProxyDhcp, 0)])),
      entry(OPTION.clientId, Buffer.from([ETHERNET, ...mac]))
    ]
    return {
      op: BOOTREQUEST,
      htype: ETHERNET,
      hops: 1,
      xid,
      secs: 4,
      flags: 0,
      ciaddr: UNSPECIFIED,
      yiaddr: UNSPECIFIED,
      siaddr: UNSPECIFIED,
      giaddr: this.#place.relay,
      chaddr: mac,
      sname: '',
      file: '',
      options: new Map([
        entry(OPTION.messageType, type),
        ...more,
        entry(OPTION.architectures, [profile.architecture]),
        entry(OPTION.vendorClass, profile.vendorClass),
        entry(OPTION.parameters, PARAMETERS),
        entry(OPTION.machineId, this.#uuid),
        ...(as === 'ipxe' ? ipxe : []),
        entry(
          OPTION.relayAgent,
          new Map([entry(RELAY_AGENT.linkSelection, this.#place.link), entry(RELAY_AGENT.sourcePort, true)])
        )
      ])
    }
  }
}

async function exchange(
  socket: Socket,
  { servers }: DhcpPlace,
  request: Packet,
  name: string,
  expected: readonly number[]
): Promise<Packet> {
  const bytes = encode(request)
  for (const wait of WAITS) {
    for (const { address, port } of servers) socket.send(bytes, port, address)
    const answer = await answerTo(socket, request.xid, wait, expected)
    if (answer !== undefined) return answer
  }
  throw new CommandFailed(
    `no answer to ${WAITS.length} ${name}s at ${servers.map(({ address, port }) => `${address}:${port}`).join(' and ')}: \`tandem explain MAC\` and the daemon's log say why`
  )
}

/** The reply with this transaction id, of one of the types; undefined when none comes in time. */
function answerTo(socket: Socket, xid: number, wait: number, expected: readonly number[]): Promise<Packet | undefined> {
  const { promise, resolve } = Promise.withResolvers<Packet | undefined>()
  const timer = setTimeout(() => resolve(undefined), wait)
  const receive = (bytes: Buffer) => {
    const packet = decodeOrUndefined(bytes)
    // The other instance's OFFER may come after the first one was taken.
    if (packet?.op === BOOTREPLY && packet.xid === xid && expected.includes(typeOf(packet))) resolve(packet)
  }
  socket.on('message', receive)
  return promise.finally(() => {
    clearTimeout(timer)
    socket.off('message', receive)
  })
}

function decodeOrUndefined(bytes: Buffer): Packet | undefined {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

function typeOf({ options }: Packet): number {
  return read(options, OPTION.messageType) ?? 0
}

function leaseOf({ yiaddr, siaddr, file, options }: Packet): Lease {
  return {
    address: yiaddr,
    hostName: read(options, OPTION.hostName) ?? null,
    nextServer: siaddr,
    bootFile: file || (read(options, OPTION.bootFile) ?? null),
    leaseTime: read(options, OPTION.leaseTime) ?? 0,
    serverId: read(options, OPTION.serverId) ?? siaddr
  }
}
