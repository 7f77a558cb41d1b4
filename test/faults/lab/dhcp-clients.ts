import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { BOOTREPLY, BOOTREQUEST, decode, ETHERNET, encode, type Packet } from '../../../src/dhcp/codec.ts'
import { entry, MESSAGE, read } from '../../../src/dhcp/options.ts'
import { type Ipv4, UNSPECIFIED } from '../../../src/net/ipv4.ts'
import { type Mac, macFromBytes, macToBytes } from '../../../src/net/mac.ts'
import { OPTION, RELAY_AGENT } from '../../../src/net/options/table.ts'
import { addressOf, SIDES, type Side } from './networks.ts'

/** An ACK. */
export type Acknowledged = {
  readonly mac: Mac
  readonly address: Ipv4
  /** By what instance. */
  readonly by: Side | undefined
  readonly seconds: number
}
type Answer = { readonly packet: Packet; readonly by: Side | undefined }
type Message = { readonly type: number; readonly ciaddr?: Ipv4; readonly options?: readonly [number, Uint8Array][] }

const PORT = 67
const PAUSE_MS = 40
/** Milliseconds that each try is waited for. */
const TRIES = [500, 1000, 2000, 4000]

/** Clients behind a relay agent that sends what they say to both instances, unless told otherwise. */
export class DhcpClients {
  /** Every ACK that came, also to who didn't wait for it any more. */
  readonly ledger: Acknowledged[] = []
  readonly #socket: Socket
  readonly #waiting = new Map<number, (packet: Packet, by: Side | undefined) => void>()
  #next: number
  #xid = 1
  #isStopped = true
  #ended: Promise<unknown> = Promise.resolve()

  private constructor(socket: Socket, first: number) {
    this.#socket = socket
    this.#next = first
    socket.on('message', (bytes, { address }) => {
      const packet = decode(bytes)
      const by = SIDES.find((side) => addressOf('prov', side) === address)
      if (packet.op !== BOOTREPLY) return
      if (typeOf(packet) === MESSAGE.ACK) this.ledger.push(acknowledgedBy(packet, by))
      this.#waiting.get(packet.xid)?.(packet, by)
    })
  }

  /** @param first the number of the first client. */
  static async open(first = 1): Promise<DhcpClients> {
    const socket = createSocket('udp4')
    await once(socket.bind(0, addressOf('prov', 'tester')), 'listening')
    // A test that failed leaves it open.
    socket.unref()
    return new DhcpClients(socket, first)
  }

  /** New clients, one after the other, so many at once. */
  start(atOnce: number): this {
    this.#isStopped = false
    const one = async () => {
      while (!this.#isStopped) {
        await this.lease(macOf(this.#next++))
        await sleep(PAUSE_MS)
      }
    }
    this.#ended = Promise.all(Array.from({ length: atOnce }, one))
    return this
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#ended
  }

  async close(): Promise<void> {
    await this.stop()
    await new Promise<void>((closed) => this.#socket.close(closed))
  }

  /** DISCOVER to ACK, with tries as firmware makes them. @returns undefined when it got none. */
  async lease(mac: Mac, to: readonly Side[] = SIDES, tries = TRIES): Promise<Acknowledged | undefined> {
    const offer = await this.#exchange(mac, to, { type: MESSAGE.DISCOVER }, tries)
    if (offer === undefined || typeOf(offer.packet) !== MESSAGE.OFFER) return undefined
    const { yiaddr, options } = offer.packet
    const serverId = read(options, OPTION.serverId) as Ipv4
    const chosen = [entry(OPTION.requestedAddress, yiaddr), entry(OPTION.serverId, serverId)]
    return acknowledged(await this.#exchange(mac, to, { type: MESSAGE.REQUEST, options: chosen }, tries))
  }

  /** REBINDING. @returns undefined when nobody let it go on. */
  async renew(mac: Mac, address: Ipv4, to: readonly Side[] = SIDES, tries = TRIES): Promise<Acknowledged | undefined> {
    return acknowledged(await this.#exchange(mac, to, { type: MESSAGE.REQUEST, ciaddr: address }, tries))
  }

  async #exchange(mac: Mac, to: readonly Side[], message: Message, tries: readonly number[]) {
    const xid = this.#xid++
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting.set(xid, (packet, by) => {
      // The other instance's OFFER may come after the first one was taken.
      if (message.type === MESSAGE.DISCOVER || typeOf(packet) !== MESSAGE.OFFER) resolve({ packet, by })
    })
    const bytes = encode(request(mac, xid, message))
    try {
      for (const wait of tries) {
        for (const side of to) this.#socket.send(bytes, PORT, addressOf('prov', side))
        const answer = await Promise.race([promise, sleep(wait, undefined)])
        if (answer !== undefined) return answer
      }
      return undefined
    } finally {
      this.#waiting.delete(xid)
    }
  }
}

/** Those addresses that were given to more than one client, as far as the ledger goes. */
export function givenTwice(ledger: readonly Acknowledged[]): string[] {
  const holders = new Map<string, Mac>()
  return ledger.flatMap(({ address, mac }) => {
    const holder = holders.get(address)
    if (holder !== undefined && holder !== mac) return [`${address} to ${holder} and ${mac}`]
    holders.set(address, mac)
    return []
  })
}

/** Of client number so-and-so. */
export function macOf(number: number): Mac {
  const digits = `02d0${number.toString(16).padStart(8, '0')}`
  return digits.match(/../g)?.join(':') as Mac
}

function acknowledged(answer: Answer | undefined): Acknowledged | undefined {
  if (answer === undefined || typeOf(answer.packet) !== MESSAGE.ACK) return undefined
  return acknowledgedBy(answer.packet, answer.by)
}

function acknowledgedBy({ chaddr, yiaddr, options }: Packet, by: Side | undefined): Acknowledged {
  return { mac: macFromBytes(chaddr), address: yiaddr, by, seconds: read(options, OPTION.leaseTime) ?? 0 }
}

function request(mac: Mac, xid: number, { type, ciaddr = UNSPECIFIED, options = [] }: Message): Packet {
  const relay = addressOf('prov', 'tester') as Ipv4
  return {
    ...{ op: BOOTREQUEST, htype: ETHERNET, hops: 1, xid, secs: 0, flags: 0, ciaddr },
    ...{ yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED, giaddr: relay, chaddr: macToBytes(mac), sname: '', file: '' },
    options: new Map([
      entry(OPTION.messageType, type),
      ...options,
      entry(OPTION.relayAgent, new Map([entry(RELAY_AGENT.sourcePort, true)]))
    ])
  }
}

function typeOf({ options }: Packet): number {
  return read(options, OPTION.messageType) ?? 0
}
