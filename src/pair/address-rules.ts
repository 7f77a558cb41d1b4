import type { Holding } from '../inventory/lease-policy.ts'

/**
 * Which addresses of pools an instance may give out, and for how long, so that no address is ever given to two clients
 * whatever becomes of the two instances and of what is between them. Pure; all times are milliseconds of this
 * instance's clock.
 */

/** What the instances agreed on. */
export type Terms = {
  /** Maximum client lead time: how much longer than the other instance knows a lease may be. */
  readonly mclt: number
  /** For how long an instance that can't reach the other goes on giving out addresses of its own by itself. */
  readonly autonomy: number
  /** The longest lease that is given while the two can't reach each other. */
  readonly longestLease: number
  /** How far the two clocks are apart, as was measured; 0: they are one. One of them was set wrong, so nobody knows when a lease ended but for that. */
  readonly skew: number
  /** What every other wait is longer by: times translated between two clocks, and a grant that was on its way. */
  readonly slack: number
}

/** What is known of the other instance's being there. */
export type Contact = {
  /** Until when both knew the same, as the other one said by the link: a lease that ended before that is over for both. */
  readonly agreedUntil: number
  /** When the other one was heard last. */
  readonly heardAt: number
  /** When this one was heard last, as the other one said: it sent that then. */
  readonly confirmedAt: number
}

/** How an instance stands to the other one. */
export type Standing =
  /** Nobody shares the addresses with it yet. */
  | { readonly mode: 'first' }
  /** It was never in step with the other one: it knows of none of the leases. */
  | { readonly mode: 'new' }
  /** NORMAL. */
  | { readonly mode: 'together' }
  /** CATCHING_UP: what the other one did meanwhile isn't all known yet, but it is asked before each answer. */
  | ({ readonly mode: 'meeting' } & Contact)
  /** COMM_INT. */
  | ({ readonly mode: 'apart' } & Contact)
  /** COMM_INT or CATCHING_UP since a restart: the other one may have given out any address meanwhile. */
  | { readonly mode: 'restarted' }
  /** PARTNER_DOWN. */
  | ({ readonly mode: 'sole' } & Contact & Solitude)

/** @property fenced whether the other instance is known to be off, not only said to be out of reach. */
export type Solitude = {
  readonly fenced: boolean
  /** From when on unused addresses of its own may be given; 0: always. */
  readonly ownFrom: number
  /** When the other instance gave out its last address at the latest: what it gave ends after that by MCLT at most. */
  readonly othersUntil: number
}

/** How PARTNER_DOWN begins. @param before `apart` or `restarted`. */
export function solitude(before: Standing, fenced: boolean, now: number, terms: Terms): Contact & Solitude {
  if (before.mode !== 'apart') {
    // Nothing is known of what the other one gave while this one was away, nor for how long.
    const othersUntil = now + (fenced ? terms.longestLease : Math.max(terms.longestLease, terms.autonomy))
    return { agreedUntil: 0, heardAt: now, confirmedAt: now, fenced, ownFrom: after(othersUntil, terms), othersUntil }
  }
  const { agreedUntil, heardAt, confirmedAt } = before
  const othersUntil = fenced ? now : Math.max(now, heardAt + terms.autonomy)
  // Once its autonomy had ended, the other one may have been made sole and have given this one's addresses.
  const ownFrom = now > confirmedAt + terms.autonomy ? after(othersUntil, terms) : 0
  return { agreedUntil, heardAt, confirmedAt, fenced, ownFrom, othersUntil }
}

/** Whether a client may be given an address that nobody holds as far as is known. @param own whether it is of this instance's share. */
export function mayAllocate(
  standing: Standing,
  own: boolean,
  last: Holding | undefined,
  now: number,
  terms: Terms
): boolean {
  switch (standing.mode) {
    case 'first':
      return last === undefined || last.expiresAt <= now
    case 'together':
      return own && (last === undefined || last.expiresAt <= now - terms.skew)
    case 'meeting':
    case 'apart':
      return own && now < standing.confirmedAt + terms.autonomy && isAgreedFree(standing, last, terms)
    case 'sole':
      if (own && isAgreedFree(standing, last, terms)) return now >= standing.ownFrom
      return now >= after(Math.max(standing.othersUntil, last?.expiresAt ?? 0), terms)
    case 'restarted':
    case 'new':
      return false
  }
}

/** Whether an address's last client may go on with it. */
export function mayRenew(standing: Standing, own: boolean, last: Holding, now: number, terms: Terms): boolean {
  switch (standing.mode) {
    case 'first':
      return true
    case 'together':
    case 'meeting':
      return last.expiresAt > now - terms.skew || mayAllocate(standing, own, last, now, terms)
    case 'apart':
    case 'sole':
      // One that had ended while the two could talk is its owner's to give.
      return last.expiresAt > standing.heardAt || mayAllocate(standing, own, last, now, terms)
    case 'restarted':
      return true
    case 'new':
      return false
  }
}

/** The latest end that a lease may have. */
export function latestEnd(standing: Standing, last: Holding | undefined, now: number, terms: Terms): number {
  const known = last?.knownUntil ?? 0
  switch (standing.mode) {
    case 'first':
    case 'together':
      return Number.POSITIVE_INFINITY
    case 'meeting':
    case 'apart':
      return Math.max(Math.min(now, standing.confirmedAt + terms.autonomy), known) + terms.mclt
    case 'sole':
      return standing.fenced ? now + terms.longestLease : Math.max(now, known) + terms.mclt
    case 'restarted':
      return known > 0 ? known + terms.mclt : 0
    case 'new':
      return 0
  }
}

/** Never bound, or over while both knew so. */
function isAgreedFree({ agreedUntil }: Contact, last: Holding | undefined, { slack }: Terms): boolean {
  return last === undefined || last.expiresAt <= agreedUntil - slack
}

function after(time: number, { mclt, slack }: Terms): number {
  return time + mclt + slack
}

export const ADDRESS_RULES = { solitude, mayAllocate, mayRenew, latestEnd }
export type AddressRules = typeof ADDRESS_RULES
