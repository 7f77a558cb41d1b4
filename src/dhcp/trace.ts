import { type Ipv4, ipv4FromBytes, LIMITED_BROADCAST } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { type CapturedDatagram, pcapHeader, pcapRecords } from '../net/pcap.ts'
import { type Exchange, ExchangeRing, type Found, type KeptExchange, type KeptPacket } from './exchange-ring.ts'
import { packetLine, packetText } from './text.ts'

export type TracedExchange = KeptExchange & {
  /** The request in one line: `DISCOVER 2533d358, PXEClient:Arch:00007:UNDI:003010`. */
  readonly asked: string
  /** The relay agent that it came through, as the request tells (giaddr). */
  readonly relay: Ipv4 | undefined
  /** The request and the reply as text of several lines each. */
  packets(): readonly string[]
}

/** Exchanges that are made into a piece of a capture file at once: a millisecond's work. */
const EXCHANGES_A_PIECE = 100
/** RFC 2131, section 2. */
const GIADDR_AT = 24

/**
 * What clients said lately and what they were answered. What registered machines said has memory of
 * its own: a flood of made-up clients doesn't push it out.
 */
export class Trace {
  readonly #registered: ExchangeRing
  readonly #others: ExchangeRing
  readonly #now: () => number
  #count = 0

  /**
   * @param options.bytes for packets, half of it for registered machines.
   * @param options.now milliseconds since 1970; fractions are kept.
   */
  constructor({ bytes, now }: { bytes: number; now: () => number }) {
    this.#registered = new ExchangeRing(bytes / 2)
    this.#others = new ExchangeRing(bytes / 2)
    this.#now = now
  }

  /** Remembers an exchange. The bytes are copied. @param exchange.known whether the client is a registered machine. */
  record(exchange: Exchange & { readonly known: boolean }): void {
    const ring = exchange.known ? this.#registered : this.#others
    ring.put(this.#count++, this.#now(), exchange)
  }

  /** The latest, oldest first. @param macs left out: of all clients. */
  exchanges(macs?: readonly Mac[], limit = Number.POSITIVE_INFINITY): TracedExchange[] {
    return read(this.#find(macs).slice(-limit)).map((exchange) => {
      const request = copyOf(exchange.request)
      const reply = exchange.reply && copyOf(exchange.reply)
      const packets = () => [packetText(request), ...(reply ? [packetText(reply)] : [])]
      return { ...exchange, request, reply, asked: packetLine(request), relay: relayOf(request), packets }
    })
  }

  /**
   * A capture file of all that is there, in pieces: between two of them the thread is free for others.
   * What is overwritten meanwhile is left out. @param macs left out: of all clients.
   */
  *pcap(macs?: readonly Mac[]): Generator<Uint8Array> {
    yield pcapHeader()
    const found = this.#find(macs)
    for (let at = 0; at < found.length; at += EXCHANGES_A_PIECE) {
      yield pcapRecords(read(found.slice(at, at + EXCHANGES_A_PIECE)).flatMap(datagramsOf))
    }
  }

  #find(macs: readonly Mac[] | undefined): Found[] {
    const found = [...this.#registered.find(macs), ...this.#others.find(macs)]
    return found.sort((a, b) => a.number - b.number)
  }
}

function read(found: readonly Found[]): KeptExchange[] {
  return found.map((each) => each.read()).filter((exchange) => exchange !== undefined)
}

function relayOf({ bytes }: KeptPacket): Ipv4 | undefined {
  const giaddr = bytes.subarray(GIADDR_AT, GIADDR_AT + 4)
  return giaddr.some((byte) => byte !== 0) ? ipv4FromBytes(giaddr) : undefined
}

function copyOf({ bytes, length }: KeptPacket): KeptPacket {
  return { bytes: bytes.slice(), length }
}

function datagramsOf({ time, from, server, cast, to, request, reply }: KeptExchange): CapturedDatagram[] {
  const at = cast === 'broadcast' ? { address: LIMITED_BROADCAST, port: server.port } : server
  const asked = { time, from, to: at, payload: request.bytes, length: request.length }
  if (reply === undefined || to === undefined) return [asked]
  return [asked, { time, from: server, to, payload: reply.bytes, length: reply.length }]
}
