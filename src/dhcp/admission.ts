import { type Mac, macFromBytes } from '../net/mac.ts'

/** Datagrams that one hardware address may send in a second: firmware sends a few a minute. */
const MOST_A_SECOND = 100
/** Turns of the event loop that left datagrams waiting: with so many behind, not all can be served. */
const BEHIND = 32
const CHADDR_AT = 28
/** Counters that the hardware addresses share: of ten thousand clients a second few share one. A power of two. */
const COUNTERS = 1 << 16

/**
 * Which datagrams are looked at. One client, or a relay agent that sends its packets round in circles, can't
 * keep the server from the others; and when more comes than can be answered, the registered
 * machines come first. Deciding takes a fraction of what an answer takes, and no memory, whoever asks.
 */
export class Admission {
  readonly #isRegistered: (mac: Mac) => boolean
  readonly #now: () => number
  #second = 0
  /** How many came in this second. */
  readonly #counts = new Uint16Array(COUNTERS)

  /** @param now milliseconds; only differences count. */
  constructor(isRegistered: (mac: Mac) => boolean, now: () => number) {
    this.#isRegistered = isRegistered
    this.#now = now
  }

  /**
   * @param behind for how many turns in a row the socket was not emptied.
   * @returns why the datagram is dropped unread; undefined for one that is to be answered.
   */
  refusal(datagram: Uint8Array, behind: number): 'flood' | 'shed' | undefined {
    if (datagram.length < CHADDR_AT + 6) return undefined
    if (this.#count(datagram) > MOST_A_SECOND) return 'flood'
    if (behind < BEHIND) return undefined
    return this.#isRegistered(macFromBytes(datagram.subarray(CHADDR_AT, CHADDR_AT + 6))) ? undefined : 'shed'
  }

  #count(datagram: Uint8Array): number {
    const second = Math.floor(this.#now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#counts.fill(0)
    }
    const counter = counterOf(datagram)
    const count = Math.min((this.#counts[counter] as number) + 1, MOST_A_SECOND + 1)
    this.#counts[counter] = count
    return count
  }
}

/** FNV-1a of the hardware address, folded. */
function counterOf(datagram: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let at = CHADDR_AT; at < CHADDR_AT + 6; at += 1) hash = Math.imul(hash ^ (datagram[at] as number), 0x01000193)
  return ((hash >>> 16) ^ hash) & (COUNTERS - 1)
}
