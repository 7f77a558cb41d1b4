import type { Packet } from './codec.ts'
import type { Arrival, Request } from './interpret.ts'
import type { Partner } from './partner.ts'
import { UNANSWERED } from './retries.ts'
import { isHeardByBoth, type Share, Split } from './split.ts'

/**
 * Milliseconds after which another REQUEST, INFORM or BOOTP packet is no retry. One that rebinds waits until a minute is left of
 * its lease (RFC 2131, section 4.4.5), one of BOOTP for a minute in the mean (RFC 951, section 8).
 */
const PATIENCE = 300_000

/** How the two instances share out the packets of clients that they give addresses to. */
export class Shares {
  /** Without an end, but for the REQUEST that takes an offer: however slowly a client asks, somebody answers it. */
  readonly #discovers: Split
  readonly #others: Split

  /** @param now milliseconds; only differences count. */
  constructor(partner: Partner, now: () => number) {
    this.#discovers = new Split(partner, now)
    this.#others = new Split(partner, now)
  }

  of(request: Request, packet: Packet, { cast }: Arrival): Share {
    switch (request.message) {
      case 'DISCOVER':
        this.#others.end(packet)
        return isHeardByBoth(packet, cast) ? this.#discovers.of(packet, 'DISCOVER', Number.POSITIVE_INFINITY) : 'own'
      case 'REQUEST':
        return this.#ofRequest(request, packet, cast)
      case 'INFORM':
      case 'BOOTP':
        return isHeardByBoth(packet, cast) ? this.#others.of(packet, request.message, PATIENCE) : 'own'
      case 'elsewhere':
        if (request.what === 'REQUEST') this.#offerTaken(packet)
        return 'own'
      default:
        return 'own'
    }
  }

  #ofRequest({ to, state }: Extract<Request, { message: 'REQUEST' }>, packet: Packet, cast: Arrival['cast']): Share {
    switch (to) {
      case 'this':
      case 'partner':
        this.#offerTaken(packet)
        return 'own'
      // Both are meant: it is for the one whose offer it was.
      case 'relay': {
        const hadOffered = this.#discovers.end(packet) === UNANSWERED
        return this.#others.of(packet, state, PATIENCE, hadOffered ? UNANSWERED : 1)
      }
      case 'any':
        return isHeardByBoth(packet, cast) ? this.#others.of(packet, state, PATIENCE) : 'own'
    }
  }

  #offerTaken(packet: Packet): void {
    this.#discovers.end(packet)
    this.#others.end(packet)
  }
}
