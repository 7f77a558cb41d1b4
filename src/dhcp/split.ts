import { UNSPECIFIED } from '../net/ipv4.ts'
import type { Cast } from '../net/udp.ts'
import { type Answer, nothing } from './answer.ts'
import type { Packet } from './codec.ts'
import { bucketOf } from './load-balance.ts'
import type { Partner } from './partner.ts'
import { Retries, UNANSWERED } from './retries.ts'

/** Whose a packet is to answer. */
export type Share =
  | 'own'
  | 'partner'
  /** The other instance's, which is not gone, and yet the client goes on asking. */
  | 'stand-in'

const LEFT = nothing('partner', 'debug', 'the other instance answers it')
const WHY = "it is the other instance's client, and went on asking"

/** How two instances that hear the same packets share them out: by client, with nobody left without an answer for good. */
export class Split {
  readonly #partner: Partner
  readonly #retries: Retries

  /** @param now milliseconds; only differences count. */
  constructor(partner: Partner, now: () => number) {
    this.#partner = partner
    this.#retries = new Retries(now)
  }

  /** Whose a packet is that both have heard. The parameters are those of {@link Retries.count}. */
  of(packet: Packet, stage: string, patience: number, least?: number): Share {
    if (this.#partner.isOwn(bucketOf(packet.chaddr)) || this.#partner.isGone()) return 'own'
    return this.#retries.count(packet, stage, patience, least) < UNANSWERED ? 'partner' : 'stand-in'
  }

  /** The client goes on, or begins anew. @returns how many packets in a row it had sent. */
  end(packet: Packet): number {
    return this.#retries.end(packet)
  }
}

/** Whether the other instance has heard a packet, too: all have a broadcast, and relay agents send theirs to every server. */
export function isHeardByBoth({ giaddr }: Packet, cast: Cast): boolean {
  return cast === 'broadcast' || giaddr !== UNSPECIFIED
}

/** What comes of a packet as it is shared out. */
export function shared<Change>(share: Share, answer: () => Answer<Change>): Answer<Change> {
  switch (share) {
    case 'own':
      return answer()
    case 'partner':
      return LEFT
    case 'stand-in': {
      const given = answer()
      if (given.reply === undefined) return given
      // An outcome of its own: that the other instance doesn't answer is to be seen in the metrics.
      const answered = `${given.answered}, in the other instance's stead`
      return { ...given, outcome: 'stand-in', answered, reasons: [...given.reasons, WHY] }
    }
  }
}
