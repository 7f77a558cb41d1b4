import type { Endpoint } from '../net/endpoint.ts'
import { ipv4FromNumber, ipv4ToNumber } from '../net/ipv4.ts'
import { type Mac, macFromNumber, macToNumber } from '../net/mac.ts'
import type { Cast } from '../net/udp.ts'

/** What is told of a client's packet and its answer, beside their bytes. */
export type Circumstances = {
  /** Undefined where the packet doesn't tell. */
  readonly mac: Mac | undefined
  /** The one that the request came in on. */
  readonly interface: string
  readonly from: Endpoint
  /** This instance, on that interface. */
  readonly server: Endpoint
  /** How the request was addressed. */
  readonly cast: Cast
  /** Where the reply went. */
  readonly to?: Endpoint | undefined
  /** A stable word for counting: `offer`, `ack`, `nak`, `silence`. */
  readonly outcome: string
  /** `OFFER 10.77.0.10 for 3600 s`, for people. */
  readonly answered: string
  readonly reasons: readonly string[]
}

export type Exchange = Circumstances & {
  readonly request: Uint8Array
  /** Undefined where nothing was said. */
  readonly reply?: Uint8Array | undefined
}

/** The beginning of a packet that had `length` bytes; mostly all of it. */
export type KeptPacket = { readonly bytes: Uint8Array; readonly length: number }

export type KeptExchange = Circumstances & {
  /** Rises from each exchange to the next. */
  readonly number: number
  /** Milliseconds since 1970, as of the answer. */
  readonly time: number
  readonly request: KeptPacket
  readonly reply: KeptPacket | undefined
}

/** An exchange that is there, for now. */
export type Found = {
  readonly number: number
  /** Its packets are views, to be used before anything is put in; undefined once newer exchanges have overwritten it. */
  read(): KeptExchange | undefined
}

/**
 * Numbers and words that there are anyhow: what is made for one exchange and kept for ten thousand more costs the
 * garbage collector more than the answer cost.
 */
type Slot = {
  number: number
  time: number
  /** As a number of 48 bits; -1 where it isn't known. */
  mac: number
  interface: string
  cast: Cast
  outcome: string
  from: number
  fromPort: number
  server: number
  serverPort: number
  to: number
  /** -1: there was no reply. */
  toPort: number
  /** Where the request begins, counted from the first byte that was ever put in; the reply and the words follow it. */
  start: number
  requestLength: number
  /** -1: there was none. */
  replyLength: number
  wordsLength: number
}

/** What an Ethernet frame holds. If more were kept of a packet, a few huge ones would push out all others. */
const LONGEST_KEPT = 1500
/** Of what is told in words: characters. */
const MOST_WORDS = 2000
const NONE = -1
/** Most exchanges have more: the bytes are used up before the slots are. */
const BYTES_A_SLOT = 512

/** The latest exchanges, in memory that is taken once; the newest overwrite the oldest. */
export class ExchangeRing {
  readonly #bytes: Uint8Array
  /** The same memory: only a Buffer writes and reads text. */
  readonly #text: Buffer
  readonly #slots: readonly Slot[]
  /** Exchanges that were ever put in. */
  #count = 0
  /** Bytes that were ever put in, with those skipped where a packet didn't fit before the end. */
  #head = 0

  /** @param size bytes for packets and words. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(Math.max(size, 2 * LONGEST_KEPT + MOST_WORDS))
    this.#text = Buffer.from(this.#bytes.buffer)
    this.#slots = Array.from({ length: Math.ceil(this.#bytes.length / BYTES_A_SLOT) }, emptySlot)
  }

  /** Called for every packet of a storm: it keeps nothing of the exchange but copies. */
  put(number: number, time: number, exchange: Exchange): void {
    const { request, reply, from, server, to } = exchange
    const words = wordsOf(exchange)
    const slot = this.#slotOf(this.#count++)
    slot.number = number
    slot.time = time
    slot.mac = exchange.mac === undefined ? NONE : macToNumber(exchange.mac)
    slot.interface = exchange.interface
    slot.cast = exchange.cast
    slot.outcome = exchange.outcome
    slot.from = ipv4ToNumber(from.address)
    slot.fromPort = from.port
    slot.server = ipv4ToNumber(server.address)
    slot.serverPort = server.port
    slot.to = to === undefined ? 0 : ipv4ToNumber(to.address)
    slot.toPort = to?.port ?? NONE
    slot.requestLength = request.length
    slot.replyLength = reply?.length ?? NONE
    slot.wordsLength = words.length
    slot.start = this.#reserve(keptOf(request.length) + keptOf(slot.replyLength) + words.length)
    this.#write(request, slot.start)
    if (reply) this.#write(reply, slot.start + keptOf(request.length))
    this.#text.write(words, this.#placeOfWords(slot), words.length, 'latin1')
  }

  /** What is still there, oldest first. @param macs left out: of all clients. */
  find(macs?: readonly Mac[]): Found[] {
    const found: Found[] = []
    const wanted = macs?.map(macToNumber)
    for (let index = Math.max(0, this.#count - this.#slots.length); index < this.#count; index++) {
      const slot = this.#slotOf(index)
      if (this.#isThere(slot) && (wanted === undefined || wanted.includes(slot.mac))) {
        found.push({ number: slot.number, read: () => this.#read(index) })
      }
    }
    return found
  }

  /** Bytes in one piece. @returns where they begin. */
  #reserve(length: number): number {
    const untilEnd = this.#bytes.length - (this.#head % this.#bytes.length)
    const start = length > untilEnd ? this.#head + untilEnd : this.#head
    this.#head = start + length
    return start
  }

  #write(packet: Uint8Array, start: number): void {
    const kept = packet.length > LONGEST_KEPT ? packet.subarray(0, LONGEST_KEPT) : packet
    this.#bytes.set(kept, start % this.#bytes.length)
  }

  #read(index: number): KeptExchange | undefined {
    if (index < this.#count - this.#slots.length || !this.#isThere(this.#slotOf(index))) return undefined
    const slot = this.#slotOf(index)
    const { start, requestLength, replyLength } = slot
    const place = this.#placeOfWords(slot)
    const [answered = '', ...reasons] = this.#text.toString('latin1', place, place + slot.wordsLength).split('\n')
    return {
      number: slot.number,
      time: slot.time,
      mac: slot.mac === NONE ? undefined : macFromNumber(slot.mac),
      interface: slot.interface,
      from: { address: ipv4FromNumber(slot.from), port: slot.fromPort },
      server: { address: ipv4FromNumber(slot.server), port: slot.serverPort },
      cast: slot.cast,
      to: slot.toPort === NONE ? undefined : { address: ipv4FromNumber(slot.to), port: slot.toPort },
      outcome: slot.outcome,
      answered,
      reasons,
      request: this.#packet(start, requestLength),
      reply: replyLength === NONE ? undefined : this.#packet(start + keptOf(requestLength), replyLength)
    }
  }

  #slotOf(index: number): Slot {
    return this.#slots[index % this.#slots.length] as Slot
  }

  #isThere({ start }: Slot): boolean {
    return start >= this.#head - this.#bytes.length
  }

  #placeOfWords({ start, requestLength, replyLength }: Slot): number {
    return (start + keptOf(requestLength) + keptOf(replyLength)) % this.#bytes.length
  }

  #packet(start: number, length: number): KeptPacket {
    const place = start % this.#bytes.length
    return { bytes: this.#bytes.subarray(place, place + keptOf(length)), length }
  }
}

/** Bytes that are kept of a packet; none where there was none. */
function keptOf(length: number): number {
  return Math.max(0, Math.min(length, LONGEST_KEPT))
}

/** A line each. */
function wordsOf({ answered, reasons }: Exchange): string {
  let words = answered
  for (const reason of reasons) words += `\n${reason}`
  return words.length > MOST_WORDS ? words.slice(0, MOST_WORDS) : words
}

function emptySlot(): Slot {
  const words = { interface: '', cast: 'unicast', outcome: '' } as const
  const endpoints = { from: 0, fromPort: 0, server: 0, serverPort: 0, to: 0, toPort: NONE }
  return {
    number: 0,
    time: 0.5,
    mac: NONE,
    ...words,
    ...endpoints,
    start: 0,
    requestLength: 0,
    replyLength: NONE,
    wordsLength: 0
  }
}
