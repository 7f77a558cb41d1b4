import type { Slot } from '../inventory/address-shares.ts'
import type { Db } from '../inventory/database.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { AddressRules, Standing, Terms } from './address-rules.ts'
import { Clocks } from './clocks.ts'
import { type Memory, readMemory, writeMemory } from './memory.ts'
import type { Hello } from './messages.ts'
import { objectionToForget, objectionToPartnerDown } from './objections.ts'
import type { Presence } from './presence.ts'
import { type Before, type PairEvent, type PairState, standingOf, step } from './states.ts'
import type { Timing } from './timing.ts'

type StandingOptions = {
  readonly db: Db
  readonly inventory: Inventory
  readonly slot: Slot
  /** The other instance's name. */
  readonly peer: string
  readonly now: () => number
  readonly terms: Pick<Terms, 'mclt' | 'autonomy'>
  readonly rules: AddressRules
  readonly timing: Timing
  readonly presence: Presence
  /** What the other instance said of itself over this connection. */
  readonly hello: () => Hello | undefined
  /** The rules for addresses are others now. */
  readonly rulesChanged: () => void
  /** The state has another name now. */
  readonly changed: (state: PairState) => void
}

/** How this instance stands to the other one: its state, and what it remembers of the pair over a restart. */
export class PairStanding {
  readonly #options: StandingOptions
  /** How far its clock is from the other instance's. */
  readonly clocks: Clocks
  #memory: Memory
  #state: PairState

  constructor(options: StandingOptions) {
    const { db, now, slot } = options
    this.#options = options
    this.clocks = new Clocks(now)
    this.#memory = readMemory(db)
    this.#state = { name: 'COMM_INT', since: now(), before: beforeOf(this.#memory, slot) }
  }

  get state(): PairState {
    return this.#state
  }

  get memory(): Memory {
    return this.#memory
  }

  /** What the rules for addresses go by. */
  get standing(): Standing {
    return standingOf(this.#state, this.#options.presence.contact)
  }

  get terms(): Terms {
    const { mclt, autonomy } = this.#options.terms
    return { mclt, autonomy, longestLease: this.#memory.longestLease * 1000, ...this.clocks.terms }
  }

  /** Milliseconds by which what the other one gave lasts longer than is known. */
  get wait(): number {
    const { mclt, slack } = this.terms
    return mclt + slack
  }

  step(event: PairEvent): void {
    const { now, presence, rules, rulesChanged, changed } = this.#options
    const before = this.#state
    const { state, effects } = step(before, event, { now: now(), contact: presence.contact, terms: this.terms, rules })
    this.#state = state
    if (effects.includes('remember-peer')) this.#rememberPeer()
    if (effects.includes('rules')) rulesChanged()
    if (state.name !== before.name) changed(state)
  }

  /** @returns why the other instance, to which there is no link, can't be down; undefined: from now on it counts as down. */
  partnerDown(fenced: boolean): string | undefined {
    const { peer, timing, presence } = this.#options
    const { silentFor } = presence
    const objection = objectionToPartnerDown(this.#state, {
      peer,
      silentFor,
      fenced,
      isWhole: this.#memory.isWhole,
      timing
    })
    if (objection === undefined) this.step({ kind: 'partner-down', fenced })
    return objection
  }

  /** Why the other instance can't be forgotten: it may still serve somebody. */
  objectionToForget(): string | undefined {
    return objectionToForget(this.#state, this.wait, this.#options.now())
  }

  remember(changes: Partial<Memory>): void {
    const memory = { ...this.#memory, ...changes }
    writeMemory(this.#options.db, memory)
    this.#memory = memory
  }

  /** On disk before the other one can count on it. */
  #rememberPeer(): void {
    const peer = this.#options.hello()
    if (peer === undefined) return
    const lengths = [...this.#options.inventory.list('subnet')].map(({ lease }) => lease)
    this.remember({ peerOrigin: peer.origin, longestLease: Math.max(0, ...lengths), peer })
  }
}

function beforeOf({ peerOrigin, isWhole }: Memory, slot: Slot): Before {
  if (peerOrigin !== '' && isWhole) return 'restarted'
  return slot === 0 && isWhole ? 'first' : 'new'
}
