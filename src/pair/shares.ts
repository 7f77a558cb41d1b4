import type { Slot } from '../inventory/address-shares.ts'
import { type Ipv4, ipv4ToNumber } from '../net/ipv4.ts'

/** Whose an address is to give out: every second one is the first instance's, the others are the second's. */
export function ownerOf(address: Ipv4): Slot {
  return (ipv4ToNumber(address) & 1) as Slot
}

/** RFC 3074: which of the 256 buckets of clients an instance answers first. */
export function isOwnBucket(slot: Slot, bucket: number): boolean {
  return (bucket & 1) === slot
}
