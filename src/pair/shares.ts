import { type Ipv4, ipv4ToNumber } from '../net/ipv4.ts'

/** The two places in a pair: 0 is the instance that was there first, 1 the one that joined. */
export type Slot = 0 | 1

/**
 * Whose an address is to give out: every second one is the first instance's, the others the second's, but for those that
 * one has handed over to the other.
 */
export class Shares {
  readonly #handedOver = new Map<number, Slot>()

  ownerOf(address: Ipv4): Slot {
    const number = ipv4ToNumber(address)
    return this.#handedOver.get(number) ?? ((number & 1) as Slot)
  }

  handOver(address: Ipv4, to: Slot): void {
    const number = ipv4ToNumber(address)
    if ((number & 1) === to) this.#handedOver.delete(number)
    else this.#handedOver.set(number, to)
  }
}

/** RFC 3074: which of the 256 buckets of clients an instance answers first. */
export function isOwnBucket(slot: Slot, bucket: number): boolean {
  return (bucket & 1) === slot
}
