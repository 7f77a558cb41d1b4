import type { AddressRules, Contact, Solitude, Standing, Terms } from './address-rules.ts'

/**
 * The states of an instance of a pair, as a pure step: `step(state, event) -> {state, effects}`. What an instance does in
 * each follows from its standing (address-rules.ts).
 */
export type PairState =
  /**
   * Entered when both have all that the other has. Serves its own half of the clients, and the others' if the other instance doesn't
   * answer them; every write is acknowledged by both. Left for COMM_INT when the link is lost.
   */
  | { readonly name: 'NORMAL'; readonly since: number }
  /**
   * Entered when the link is up. Each sends what the other lacks; serves as in COMM_INT, and new writes are acknowledged by
   * both. Left for NORMAL when both have everything, for COMM_INT when the link is lost.
   */
  | { readonly name: 'CATCHING_UP'; readonly since: number; readonly before: Before }
  /**
   * Entered at the start, and when the link is lost: the other instance can't be reached, and may be alive. Serves everybody that
   * the other one doesn't; acknowledges writes by itself and says so. Addresses of pools under the rules for it. Left for
   * CATCHING_UP when the link is up, for PARTNER_DOWN when an operator or fencing says that the other one is down.
   */
  | { readonly name: 'COMM_INT'; readonly since: number; readonly before: Before }
  /**
   * Entered by a person's word alone. Serves everybody; takes over the other's addresses after the waits. Left for
   * CATCHING_UP when the other one is back.
   */
  | {
      readonly name: 'PARTNER_DOWN'
      readonly since: number
      readonly solitude: Contact & Solitude
      readonly before: Before
    }

export type PairStateName = PairState['name']

/** What a state means, for who reads the log at night. */
export function meaningOf(state: PairStateName, peer: string): string {
  switch (state) {
    case 'NORMAL':
      return `in step with ${peer}: what is written is on both (NORMAL)`
    case 'CATCHING_UP':
      return `${peer} is there: each sends what the other lacks (CATCHING_UP)`
    case 'COMM_INT':
      return `${peer} can't be reached: this instance goes on by itself (COMM_INT)`
    case 'PARTNER_DOWN':
      return `${peer} was said to be down: this instance serves everybody (PARTNER_DOWN)`
  }
}

/**
 * What was agreed on before. `first`: nobody ever shared the addresses with it; `new`: it joined and was never in step with
 * the other; `restarted`: not since it was started, or for too long.
 */
export type Before = 'first' | 'new' | 'restarted' | { readonly agreedUntil: number }

export type PairEvent =
  /** The link is up, and the other one has said hello. */
  | { readonly kind: 'connected' }
  /** This one has all that the other has, and is about to say so: from now on the other one may count on it. */
  | { readonly kind: 'has-all' }
  /** Both have all that the other has. */
  | { readonly kind: 'in-step' }
  | { readonly kind: 'disconnected' }
  /** Nothing was confirmed for so long that the other one may have been made sole, and have given this one's addresses. */
  | { readonly kind: 'lapsed' }
  /** The other one was heard, though there may be no link. */
  | { readonly kind: 'heard' }
  | { readonly kind: 'partner-down'; readonly fenced: boolean }

/** What is to be done about it. */
export type Effect =
  /** The rules for addresses are others now. */
  | 'rules'
  /** From now on there is another one that knows the same. */
  | 'remember-peer'

/** @property contact what is known of the other's being there now. */
export type Circumstances = {
  readonly now: number
  readonly contact: Contact
  readonly terms: Terms
  readonly rules: Pick<AddressRules, 'solitude'>
}

export function step(
  state: PairState,
  event: PairEvent,
  circumstances: Circumstances
): { readonly state: PairState; readonly effects: readonly Effect[] } {
  const next = transition(state, event, circumstances)
  if (next === state) return { state, effects: [] }
  return { state: next, effects: event.kind === 'has-all' ? ['rules', 'remember-peer'] : ['rules'] }
}

function transition(state: PairState, event: PairEvent, circumstances: Circumstances): PairState {
  const { now, contact } = circumstances
  switch (event.kind) {
    case 'connected':
      if (state.name === 'NORMAL' || state.name === 'CATCHING_UP') return state
      return { name: 'CATCHING_UP', since: now, before: state.before }
    case 'has-all':
      if (state.name !== 'CATCHING_UP') return state
      return { ...state, before: state.before === 'first' ? { agreedUntil: 0 } : state.before }
    case 'in-step':
      return state.name === 'CATCHING_UP' ? { name: 'NORMAL', since: now } : state
    case 'disconnected': {
      const { agreedUntil } = contact
      if (state.name === 'NORMAL') return { name: 'COMM_INT', since: now, before: { agreedUntil } }
      return state.name === 'CATCHING_UP' ? { name: 'COMM_INT', since: now, before: state.before } : state
    }
    case 'lapsed':
      if (state.name === 'NORMAL' || state.name === 'PARTNER_DOWN' || typeof state.before === 'string') return state
      return { ...state, before: 'restarted' }
    case 'heard':
      return state.name === 'PARTNER_DOWN' ? { name: 'COMM_INT', since: now, before: state.before } : state
    case 'partner-down':
      return alone(state, event.fenced, circumstances)
  }
}

function alone(state: PairState, fenced: boolean, { now, contact, terms, rules }: Circumstances): PairState {
  if (state.name === 'PARTNER_DOWN') {
    if (state.solitude.fenced || !fenced) return state
    // Who was said to be out of reach is known to be off: what it can have given has ended sooner.
    const before: Standing =
      typeof state.before === 'string' ? { mode: state.before } : { mode: 'apart', ...state.solitude }
    return { ...state, solitude: rules.solitude(before, true, now, terms) }
  }
  if (state.name !== 'COMM_INT' || state.before === 'new' || state.before === 'first') return state
  const since = rules.solitude(standingOf(state, contact), fenced, now, terms)
  return { name: 'PARTNER_DOWN', since: now, solitude: since, before: state.before }
}

/** What the rules for addresses go by. @param contact as it is now. */
export function standingOf(state: PairState, contact: Contact): Standing {
  switch (state.name) {
    case 'NORMAL':
      return { mode: 'together' }
    case 'PARTNER_DOWN':
      return { mode: 'sole', ...state.solitude }
    case 'CATCHING_UP':
    case 'COMM_INT':
      if (state.before === 'first') return { mode: state.name === 'COMM_INT' ? 'first' : 'together' }
      if (typeof state.before === 'string') return { mode: state.before }
      return { mode: state.name === 'COMM_INT' ? 'apart' : 'meeting', ...contact, ...state.before }
  }
}
