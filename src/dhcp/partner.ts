import type { Ipv4 } from '../net/ipv4.ts'

/** The other instance of a pair, as far as DHCP has to know of it. All of it may change from packet to packet. */
export interface Partner {
  /**
   * The addresses by which the other instance serves DHCP: option 54 in what clients took from it. Still those when it is
   * gone.
   */
  readonly servers: readonly Ipv4[]
  /** Whether the other instance is silent on every path: its clients are this one's. */
  isGone(): boolean
  /**
   * Which clients this instance answers first: RFC 3074's bucket, 0 to 255, of the client's hardware address. While no split
   * is agreed: all.
   */
  isOwn(bucket: number): boolean
}

const NONE: readonly never[] = []

/** The addresses that this instance answers for beside its own. */
export function standingInFor(partner: Partner | undefined): readonly Ipv4[] {
  return partner?.isGone() ? partner.servers : NONE
}
