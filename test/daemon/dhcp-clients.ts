import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { BOOTREQUEST, decode, ETHERNET, encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE, read } from '../../src/dhcp/options.ts'
import { type Ipv4, UNSPECIFIED } from '../../src/net/ipv4.ts'
import { type Mac, macFromBytes } from '../../src/net/mac.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'

export type Acknowledged = { readonly mac: Mac; readonly address: Ipv4 }

/**
 * Many clients behind one relay agent, each new to the server: as one is bound the next begins, and so many are
 * at it at any time. What was acknowledged is in the ledger as soon as the ACK was received.
 */
export class DhcpClients {
  readonly ledger: Acknowledged[] = []
  readonly #socket: Socket
  readonly #server: { address: string; port: number }
  readonly #link: Ipv4
  #next: number
  #running = false

  private constructor(socket: Socket, server: { address: string; port: number }, link: Ipv4, first: number) {
    this.#socket = socket
    this.#server = server
    this.#link = link
    this.#next = first
    socket.on('message', (bytes) => this.#receive(decode(bytes)))
  }

  /** @param link an address of the subnet they are in; @param first the number of the first client's MAC. */
  static async open(server: { address: string; port: number }, link: Ipv4, first: number): Promise<DhcpClients> {
    const socket = createSocket('udp4')
    await once(socket.bind(0, '127.0.0.1'), 'listening')
    return new DhcpClients(socket, server, link, first)
  }

  start(outstanding: number): void {
    this.#running = true
    for (let count = 0; count < outstanding; count += 1) this.#begin()
  }

  /** Nothing that comes from now on is taken. */
  async close(): Promise<void> {
    this.#running = false
    await new Promise<void>((closed) => this.#socket.close(closed))
  }

  #begin(): void {
    const number = this.#next++
    const chaddr = Uint8Array.of(2, 0, number >>> 24, number >>> 16, number >>> 8, number)
    this.#send(chaddr, number, [entry(OPTION.messageType, MESSAGE.DISCOVER)])
  }

  #receive(packet: Packet): void {
    if (!this.#running) return
    const { chaddr, xid, yiaddr, options } = packet
    const type = read(options, OPTION.messageType)
    if (type === MESSAGE.OFFER) {
      const serverId = read(options, OPTION.serverId) as Ipv4
      const chosen = [entry(OPTION.requestedAddress, yiaddr), entry(OPTION.serverId, serverId)]
      this.#send(chaddr, xid, [entry(OPTION.messageType, MESSAGE.REQUEST), ...chosen])
    } else if (type === MESSAGE.ACK) {
      this.ledger.push({ mac: macFromBytes(chaddr), address: yiaddr })
      this.#begin()
    }
  }

  #send(chaddr: Uint8Array, xid: number, options: [number, Uint8Array][]): void {
    const relay = '127.0.0.1' as Ipv4
    const agent = new Map([entry(RELAY_AGENT.linkSelection, this.#link), entry(RELAY_AGENT.sourcePort, true)])
    const nothing = { secs: 0, flags: 0, ciaddr: UNSPECIFIED, yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED }
    const packet: Packet = {
      ...nothing,
      ...{ op: BOOTREQUEST, htype: ETHERNET, hops: 1, xid, giaddr: relay, chaddr, sname: '', file: '' },
      options: new Map([...options, entry(OPTION.relayAgent, agent)])
    }
    this.#socket.send(encode(packet), this.#server.port, this.#server.address)
  }
}
