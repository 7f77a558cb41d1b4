import type { LeaseState } from '../../../src/inventory/lease.ts'
import type { Ipv4 } from '../../../src/net/ipv4.ts'
import { isOn, LINKS, type Link, type RequestKind } from './network.ts'

/** What an address was last used for. */
export type Binding = {
  readonly who: number
  readonly state: LeaseState
  /** Milliseconds. */
  readonly until: number
  /** Milliseconds: of the latest ACK. */
  readonly at: number
}

type Offer = { readonly address: Ipv4; readonly at: number }

/** `any`: it hangs on which offers the server still keeps. */
export type Verdict = 'ACK' | 'NAK' | 'silence' | 'any'

const NOBODY = -1
const LONG_AGO = 0
const OFFER_KEPT = 60_000
/** Before that nobody else may be offered it, however full the pool. */
const OFFER_CERTAIN = 10_000
const QUARANTINE = 86_400_000
const FORGOTTEN = 30 * 86_400_000

/**
 * RFC 2131 as far as a server with registered machines has to keep it: who has which address, and so what a
 * client may be answered. It only knows what was sent to clients and what they sent.
 */
export class Reference {
  readonly bindings = new Map<Ipv4, Binding>()
  readonly fixed = new Map<number, Ipv4>()
  /** Each client's latest. */
  readonly #offers = new Map<number, Offer>()
  /** When an address was last offered, and to whom. */
  readonly #mentioned = new Map<Ipv4, { who: number; at: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** A registered machine's own address, where it is on that link. */
  fixedOn(who: number, link: Link): Ipv4 | undefined {
    const own = this.fixed.get(who)
    return own !== undefined && isOn(link, own) ? own : undefined
  }

  /** The address that a client holds, or held last; several where it was acknowledged them in one turn. */
  latestOf(who: number, fits: (address: Ipv4, binding: Binding) => boolean = () => true): Ipv4[] {
    const own = [...this.bindings].filter(([address, binding]) => binding.who === who && fits(address, binding))
    const last = Math.max(...own.map(([, { at }]) => at))
    return own.filter(([, { at }]) => at === last).map(([address]) => address)
  }

  offerOf(who: number): Ipv4 | undefined {
    return this.#offers.get(who)?.address
  }

  holds(who: number, address: Ipv4): boolean {
    const binding = this.bindings.get(address)
    return binding !== undefined && binding.who === who && this.isBound(binding)
  }

  isBound({ state, until }: Binding): boolean {
    return state === 'bound' && until > this.#now()
  }

  /** What a client that asks for an address from a link is to be answered (section 4.3.2). */
  verdict(who: number, kind: RequestKind, link: Link, address: Ipv4): Verdict {
    const reboots = kind === 'init-reboot'
    const wrong = kind === 'selecting' || link.subnet.authoritative ? 'NAK' : 'silence'
    if (!isOn(link, address)) return wrong
    const own = this.fixedOn(who, link)
    if (own !== undefined) return own === address ? 'ACK' : 'NAK'
    if (this.isOthers(address, who) || !this.#isEverFree(address)) return wrong
    if (this.#isMentioned(address, who)) return 'any'
    if (!link.pool.includes(address)) return reboots ? 'silence' : wrong
    if (this.bindings.get(address)?.who === who) return 'ACK'
    const offer = this.#offers.get(who)
    if (offer?.address === address) return this.#now() < offer.at + OFFER_CERTAIN ? 'ACK' : 'any'
    const others = this.latestOf(who, (each, binding) => isOn(link, each) && (reboots || this.isBound(binding)))
    if (others.length > 0) return wrong
    return reboots ? 'silence' : 'ACK'
  }

  /** What a DISCOVER is to be offered: one address, something, nothing, or any of these. */
  offerFor(who: number, link: Link, requested: Ipv4 | undefined): Ipv4 | 'something' | 'nothing' | 'any' {
    const own = this.fixedOn(who, link)
    if (own !== undefined) return own
    const isFree = (address: Ipv4) =>
      link.pool.includes(address) && this.#isEverFree(address) && !this.isOthers(address, who)
    const [had, another] = this.latestOf(who, isFree)
    if (another !== undefined || (had !== undefined && this.#isMentioned(had, who))) return 'any'
    const holds = had !== undefined && this.isBound(this.bindings.get(had) as Binding)
    if (had !== undefined && (requested === undefined || holds)) return had
    if (requested !== undefined && isFree(requested)) return this.#isMentioned(requested, who) ? 'any' : requested
    if (had !== undefined) return had
    const offer = this.#offers.get(who)
    if (offer !== undefined && isFree(offer.address) && this.#now() < offer.at + OFFER_CERTAIN) return offer.address
    const free = link.pool.filter(isFree)
    if (free.length === 0) return 'nothing'
    return free.some((address) => !this.#isMentioned(address, who)) ? 'something' : 'any'
  }

  /** Whether an address may be offered or given to a client, whatever else. @returns why not. */
  objection(who: number, address: Ipv4): string | undefined {
    if (this.fixed.get(who) === address) return undefined
    if (!this.#isEverFree(address)) return 'a machine or a service has it'
    if (this.isOthers(address, who)) return 'another client has it, or found it in use'
    if (!LINKS.some(({ pool }) => pool.includes(address))) return 'it is in no pool'
    for (const [other, offer] of this.#offers) {
      const isKept = offer.address === address && this.#now() < offer.at + OFFER_CERTAIN
      if (other !== who && isKept) return `it was just offered to client ${other}`
    }
    return undefined
  }

  /** Whether a client may not have an address because of what it was used for. */
  isOthers(address: Ipv4, who: number): boolean {
    const binding = this.bindings.get(address)
    if (binding === undefined || binding.until <= this.#now()) return false
    return binding.state === 'declined' || binding.who !== who
  }

  offered(who: number, address: Ipv4): void {
    this.#offers.set(who, { address, at: this.#now() })
    this.#mentioned.set(address, { who, at: this.#now() })
  }

  /** What is kept of a client's offer, and for whom the address is, hangs on what the server made of it. */
  unsettled(address: Ipv4, who?: number): void {
    this.#mentioned.set(address, { who: NOBODY, at: this.#now() })
    for (const [other, offer] of this.#offers) {
      if (other === who || offer.address === address) this.#offers.set(other, { ...offer, at: LONG_AGO })
    }
  }

  registered(who: number, address: Ipv4): void {
    this.fixed.set(who, address)
    this.unsettled(address)
  }

  removed(who: number): void {
    const address = this.fixed.get(who)
    this.fixed.delete(who)
    if (address !== undefined) this.unsettled(address)
  }

  /** With an ACK all offers of the address are gone. @param seconds of the lease. */
  granted(who: number, address: Ipv4, seconds: number): void {
    for (const [other, offer] of this.#offers) if (offer.address === address) this.#offers.delete(other)
    this.bindings.set(address, { who, state: 'bound', until: this.#now() + seconds * 1000, at: this.#now() })
  }

  /** A client gave its address back, or found it in use; with it goes what it was offered of it since. */
  ended(kind: 'release' | 'decline', address: Ipv4): void {
    const binding = this.bindings.get(address)
    if (binding === undefined) return
    if (this.offerOf(binding.who) === address) this.#offers.delete(binding.who)
    const now = this.#now()
    this.bindings.set(
      address,
      kind === 'release'
        ? { ...binding, state: 'released', until: Math.min(now, binding.until) }
        : { ...binding, state: 'declined', until: now + QUARANTINE }
    )
  }

  /** Offers are forgotten, and what ended long ago. */
  restarted(): void {
    this.#offers.clear()
    for (const [address, { until }] of this.bindings) {
      if (until < this.#now() - FORGOTTEN) this.bindings.delete(address)
    }
  }

  /** Whether somebody else may still be kept an address for. */
  #isMentioned(address: Ipv4, who: number): boolean {
    const last = this.#mentioned.get(address)
    return last !== undefined && last.who !== who && this.#now() < last.at + OFFER_KEPT
  }

  /** Whether an address is neither a registered machine's nor a service's. */
  #isEverFree(address: Ipv4): boolean {
    const services = LINKS.flatMap(({ subnet }) => [subnet.gateway, ...subnet.dns])
    return !services.includes(address) && ![...this.fixed.values()].includes(address)
  }
}
