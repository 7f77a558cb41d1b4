import type { Packet } from './codec.ts'

/** The third packet in a row that nobody is seen to have answered. */
export const UNANSWERED = 3

/** Clients that are counted at a time, half a megabyte of them: as many as a large site powers on at once. Powers of two. */
const WAYS = 8
const SETS = 1 << 11
const SHIFT = 32 - Math.log2(SETS)
export const MOST_COUNTED = WAYS * SETS
/** Milliseconds for which a client's run gives way to none: RFC 2131's clients wait for 64 s at most (section 4.1). */
const KEPT_FOR = 65_000
/** Milliseconds within which a packet may come by several relay agents; the most impatient client, iPXE, waits for a second. */
const COPIES_WITHIN = 500
/** No client's: they are stations' addresses. */
const FREE = 0

/**
 * How many packets in a row clients have sent. Of the other instance's answers nothing is heard: that a client goes on
 * asking is all that tells of them. `secs` does not (iPXE begins at 4, EDK2 stays at 0), nor does the transaction, which EDK2 changes
 * with each packet and iPXE may take again at each power-on (docs/firmware.md).
 */
export class Retries {
  readonly #now: () => number
  /** One table used again and again, by 48-bit numbers: what comes and goes with packets leaves no traces in memory (decision 006). */
  readonly #macs = new Float64Array(MOST_COUNTED).fill(FREE)
  readonly #seenAt = new Float64Array(MOST_COUNTED)
  readonly #xids = new Uint32Array(MOST_COUNTED)
  readonly #runs = new Uint8Array(MOST_COUNTED)
  readonly #stages: string[] = new Array(MOST_COUNTED).fill('')

  /** @param now milliseconds; only differences count. */
  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * Counts a packet.
   * @param stage what it is: one at another stage begins a new run, of `least`.
   * @param patience milliseconds after which one is no retry any more.
   * @returns the how manieth in a row it is, {@link UNANSWERED} at most. That also where so many clients ask at once that it can't be
   *   counted: two answers are better than none.
   */
  count({ chaddr, xid }: Packet, stage: string, patience: number, least = 1): number {
    const now = this.#now()
    const mac = numberOf(chaddr)
    const place = this.#placeFor(mac, now)
    if (place === undefined) return UNANSWERED
    const isNext = this.#macs[place] === mac && this.#stages[place] === stage
    const since = now - (this.#seenAt[place] as number)
    const run = this.#runs[place] as number
    if (isNext && this.#xids[place] === xid && since < COPIES_WITHIN) return run
    const counted = isNext && since <= patience ? Math.min(run + 1, UNANSWERED) : least
    this.#macs[place] = mac
    this.#seenAt[place] = now
    this.#xids[place] = xid
    this.#runs[place] = counted
    this.#stages[place] = stage
    return counted
  }

  /** Ends a client's run. @returns how long it was. */
  end({ chaddr }: Packet): number {
    const mac = numberOf(chaddr)
    const first = setOf(mac)
    for (let place = first; place < first + WAYS; place += 1) {
      if (this.#macs[place] !== mac) continue
      this.#macs[place] = FREE
      return this.#runs[place] as number
    }
    return 0
  }

  /** Where the client is, else a free place, else that of the one in its set that was silent for longest, if for long enough. */
  #placeFor(mac: number, now: number): number | undefined {
    const first = setOf(mac)
    let free: number | undefined
    let oldest = first
    for (let place = first; place < first + WAYS; place += 1) {
      if (this.#macs[place] === mac) return place
      if (this.#macs[place] === FREE) free ??= place
      if ((this.#seenAt[place] as number) < (this.#seenAt[oldest] as number)) oldest = place
    }
    return free ?? (now - (this.#seenAt[oldest] as number) > KEPT_FOR ? oldest : undefined)
  }
}

function numberOf(chaddr: Uint8Array): number {
  let value = 0
  for (let at = 0; at < 6; at += 1) value = value * 256 + (chaddr[at] as number)
  return value
}

/** The first place of the few that a client may have. The operators take the lowest 32 bits. */
function setOf(mac: number): number {
  const mixed = Math.imul(mac ^ Math.imul(mac / 0x1_0000_0000, 0x85eb_ca6b), 0x9e37_79b1)
  return (mixed >>> SHIFT) * WAYS
}
