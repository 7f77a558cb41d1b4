import type { Endpoint } from '../net/endpoint.ts'
import { UNSPECIFIED } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
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

type Slot = { -readonly [Field in keyof Circumstances]-?: Circumstances[Field] } & {
  number: number
  time: number
  /** Where the request begins, counted from the first byte that was ever put in; the reply follows it. */
  start: number
  requestLength: number
  replyLength: number | undefined
}

/** What an Ethernet frame holds. If more were kept of a packet, a few huge ones would push out all others. */
const LONGEST_KEPT = 1500
/** Most exchanges have more: the bytes are used up before the slots are. */
const BYTES_A_SLOT = 512

/** The latest exchanges, in memory that is taken once; the newest overwrite the oldest. */
export class ExchangeRing {
  readonly #bytes: Uint8Array
  readonly #slots: readonly Slot[]
  /** Exchanges that were ever put in. */
  #count = 0
  /** Bytes that were ever put in, with those skipped where a packet didn't fit before the end. */
  #head = 0

  /** @param size bytes for packets; what is told of them takes about as much again. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(Math.max(size, 2 * LONGEST_KEPT))
    this.#slots = Array.from({ length: Math.ceil(this.#bytes.length / BYTES_A_SLOT) }, emptySlot)
  }

  /** Called for every packet of a storm: it allocates nothing. */
  put(number: number, time: number, exchange: Exchange): void {
    const { request, reply } = exchange
    const slot = this.#slotOf(this.#count++)
    slot.number = number
    slot.time = time
    slot.start = this.#reserve(keptOf(request.length) + keptOf(reply?.length ?? 0))
    slot.requestLength = request.length
    slot.replyLength = reply?.length
    slot.mac = exchange.mac
    slot.interface = exchange.interface
    slot.from = exchange.from
    slot.server = exchange.server
    slot.cast = exchange.cast
    slot.to = exchange.to
    slot.outcome = exchange.outcome
    slot.answered = exchange.answered
    slot.reasons = exchange.reasons
    this.#write(request, slot.start)
    if (reply) this.#write(reply, slot.start + keptOf(request.length))
  }

  /** What is still there, oldest first. @param macs left out: of all clients. */
  find(macs?: readonly Mac[]): Found[] {
    const found: Found[] = []
    for (let index = Math.max(0, this.#count - this.#slots.length); index < this.#count; index++) {
      const slot = this.#slotOf(index)
      if (this.#isThere(slot) && (macs === undefined || (slot.mac && macs.includes(slot.mac)))) {
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
    const { start, requestLength, replyLength, ...told } = this.#slotOf(index)
    return {
      ...told,
      request: this.#packet(start, requestLength),
      reply: replyLength === undefined ? undefined : this.#packet(start + keptOf(requestLength), replyLength)
    }
  }

  #slotOf(index: number): Slot {
    return this.#slots[index % this.#slots.length] as Slot
  }

  #isThere({ start }: Slot): boolean {
    return start >= this.#head - this.#bytes.length
  }

  #packet(start: number, length: number): KeptPacket {
    const place = start % this.#bytes.length
    return { bytes: this.#bytes.subarray(place, place + keptOf(length)), length }
  }
}

function keptOf(length: number): number {
  return Math.min(length, LONGEST_KEPT)
}

function emptySlot(): Slot {
  const nowhere = { address: UNSPECIFIED, port: 0 }
  return {
    number: 0,
    time: 0,
    start: 0,
    requestLength: 0,
    replyLength: undefined,
    mac: undefined,
    interface: '',
    from: nowhere,
    server: nowhere,
    cast: 'unicast',
    to: undefined,
    outcome: '',
    answered: '',
    reasons: []
  }
}
