import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { encode } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import { packet } from '../dhcp/vectors.ts'
import { ip } from '../support/values.ts'

const AT_ONCE = 100
const CHADDR_AT = 28

/** DISCOVERs of clients that there aren't, each another one, as fast as they can be sent. */
export class Flood {
  readonly #socket: Socket
  readonly #server: { address: string; port: number }
  readonly #discover: Uint8Array
  #ended = Promise.resolve()
  #goesOn = false
  /** How many were sent. */
  count = 0

  private constructor(socket: Socket, server: { address: string; port: number }, link: Ipv4) {
    this.#socket = socket
    this.#server = server
    this.#discover = relayedDiscover(link)
  }

  /** @param link an address of the subnet that they ask from. */
  static async open(server: { address: string; port: number }, link: Ipv4): Promise<Flood> {
    const socket = createSocket('udp4')
    await once(socket.bind(0, '127.0.0.1'), 'listening')
    return new Flood(socket, server, link)
  }

  start(): void {
    this.#goesOn = true
    this.#ended = this.#run()
  }

  async end(): Promise<void> {
    this.#goesOn = false
    await this.#ended
    await new Promise<void>((closed) => this.#socket.close(closed))
  }

  async #run(): Promise<void> {
    while (this.#goesOn) {
      for (let left = AT_ONCE; left > 0; left -= 1) this.#send(this.count++)
      await new Promise((turn) => setImmediate(turn))
    }
  }

  #send(number: number): void {
    const bytes = Buffer.from(this.#discover)
    bytes.writeUInt16BE(0x0200, CHADDR_AT)
    bytes.writeUInt32BE(number, CHADDR_AT + 2)
    this.#socket.send(bytes, this.#server.port, this.#server.address)
  }
}

/** Through a relay agent on loopback, which is answered where it sends from (RFC 8357). @param link an address of the client's subnet. */
export function relayedDiscover(link: Ipv4): Uint8Array {
  const agent = new Map([entry(RELAY_AGENT.linkSelection, link), entry(RELAY_AGENT.sourcePort, true)])
  const options = [entry(OPTION.messageType, MESSAGE.DISCOVER), entry(OPTION.relayAgent, agent)]
  return encode(packet({ giaddr: ip('127.0.0.1'), hops: 1 }, options))
}
