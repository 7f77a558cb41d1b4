import { type Mac, macFromBytes } from '../net/mac.ts'

/** Datagrams that one hardware address may send in a second: firmware sends a few a minute. */
const MOST_A_SECOND = 100
/** Turns of the event loop that left datagrams waiting: with so many behind, not all can be served. */
const BEHIND = 8
const CHADDR_AT = 28

/**
 * Which datagrams are looked at. One client, or a relay agent that sends its packets round in circles, can't
 * keep the server from the others; and when more comes than can be answered, the registered
 * machines come first. Deciding takes a fraction of what an answer takes.
 */
export class Admission {
  readonly #isRegistered: (mac: Mac) => boolean
  readonly #now: () => number
  #second = 0
  /** How many each hardware address has sent in this second. */
  readonly #counts = new Map<number, number>()

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
    const chaddr = datagram.subarray(CHADDR_AT, CHADDR_AT + 6)
    if (this.#count(chaddr) > MOST_A_SECOND) return 'flood'
    return behind >= BEHIND && !this.#isRegistered(macFromBytes(chaddr)) ? 'shed' : undefined
  }

  #count(chaddr: Uint8Array): number {
    const second = Math.floor(this.#now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#counts.clear()
    }
    let key = 0
    for (const byte of chaddr) key = key * 256 + byte
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    return count
  }
}
