import { changedHands, type Slot } from '../inventory/address-shares.ts'
import type { Db } from '../inventory/database.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Lease } from '../inventory/lease.ts'
import type { Leases } from '../inventory/leases.ts'
import type { Pool } from '../inventory/model.ts'
import type { Op } from '../inventory/oplog.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import { AddressPolicy } from './address-policy.ts'
import { ADDRESS_RULES, type AddressRules, type Terms } from './address-rules.ts'
import { Clocks } from './clocks.ts'
import type { Beat, Path } from './contact.ts'
import { Draining } from './draining.ts'
import { judge } from './greeting.ts'
import { KeptProgress } from './kept-progress.ts'
import { type Memory, readMemory, writeMemory } from './memory.ts'
import { type Hello, type Message, OLDEST_PROTOCOL, PROTOCOL, type Reach } from './messages.ts'
import { objectionToForget, objectionToPartnerDown } from './objections.ts'
import { Presence } from './presence.ts'
import { Rebalance } from './rebalance.ts'
import { Session, type Wire } from './session.ts'
import { isOwnBucket } from './shares.ts'
import {
  type Before,
  meaningOf,
  type PairEvent,
  type PairState,
  type PairStateName,
  standingOf,
  step
} from './states.ts'
import { TIMING, type Timing } from './timing.ts'

export type PairOptions = {
  readonly db: Db
  readonly inventory: Inventory
  readonly leases: Leases
  readonly slot: Slot
  readonly instance: string
  /** The other instance's name. */
  readonly peer: string
  readonly version: string
  readonly reach: () => Reach
  /** Milliseconds since the epoch, by a clock that nobody sets while this runs. */
  readonly now: () => number
  /** Random text. */
  readonly random: () => string
  readonly terms: Pick<Terms, 'mclt' | 'autonomy'>
  readonly timing?: Timing
  /** Left out: the rules. Tests put wrong ones in their place, to see that they are found out. */
  readonly rules?: AddressRules
  /** Sends a sign of life over the provisioning network. @param ask whether it is to be answered at once. */
  readonly sendBeat: (beat: Beat, ask: boolean) => void
  readonly tell: (level: 'info' | 'warn', message: string) => void
  /** Free addresses of pools that this instance could give, up to so many. */
  readonly spare: (pools: readonly Pool[], most: number) => readonly Ipv4[]
  /** What the other one wrote was applied. */
  readonly received?: (ops: readonly Op[]) => void
  /** The other one says that it leaves the pair. */
  readonly left?: () => void
  /** The state is another now. */
  readonly changed?: (state: PairStateName) => void
}

/**
 * One instance of a pair: what it sends to the other, what it takes from it, and what both together may promise. It
 * knows nothing of sockets and clocks.
 */
export class Pair {
  readonly #options: PairOptions
  readonly #timing: Timing
  readonly #rules: AddressRules
  readonly #presence: Presence
  readonly #rebalance: Rebalance
  readonly #progress: KeptProgress
  /** How far its clock is from the other instance's. */
  readonly clocks: Clocks
  readonly draining: Draining
  #memory: Memory
  #state: PairState
  #session: Session | undefined

  constructor(options: PairOptions) {
    const { db, now, random, inventory, leases, slot, sendBeat, timing = TIMING, rules = ADDRESS_RULES } = options
    this.#options = options
    this.#timing = timing
    this.#rules = rules
    this.#presence = new Presence({ boot: random(), timing, now, sendBeat })
    this.#progress = new KeptProgress(inventory.log.peer, leases, now)
    this.clocks = new Clocks(now)
    this.draining = new Draining(options.peer, (message) => options.tell('info', message))
    this.#memory = readMemory(db)
    this.#state = { name: 'COMM_INT', since: now(), before: beforeOf(this.#memory, slot) }
    if (this.#memory.peerOrigin !== '') inventory.acknowledged(inventory.log.peer.kept)
    this.#rebalance = new Rebalance({
      ...options,
      ask: (pools) => this.#session?.wire.send({ type: 'want', pools }),
      tell: (message) => options.tell('info', message)
    })
    const policy = new AddressPolicy({
      slot,
      rules,
      freed: inventory.freed,
      shares: inventory.shares,
      exhausted: (pools) => {
        if (this.#state.name === 'NORMAL') this.#rebalance.ask(pools)
      },
      now,
      standing: () => standingOf(this.#state, this.#presence.contact),
      terms: () => this.#terms()
    })
    leases.share({ policy, replicator: { replicate: (changed) => this.replicateLeases(changed) } })
  }

  get state(): PairState {
    return this.#state
  }

  get slot(): Slot {
    return this.#options.slot
  }

  /** Whether this copy of the inventory can be served from. */
  get isWhole(): boolean {
    return this.#memory.isWhole
  }

  get isConnected(): boolean {
    return this.#session?.hello !== undefined
  }

  /** What the other instance said of itself last, be it in an earlier run. */
  get peer(): Hello | undefined {
    return this.#session?.hello ?? this.#memory.peer
  }

  heardAt(path: Path): number {
    return this.#presence.heardAt(path)
  }

  /** Milliseconds for which the oldest write has been waiting to be acknowledged. */
  get lag(): number {
    return this.#session?.lag ?? 0
  }

  /** How much of the inventory has come of the whole that is being sent. */
  get progress(): { readonly done: number; readonly total: number } | undefined {
    return this.#session?.progress
  }

  /** Milliseconds by which what the other one gave lasts longer than is known. */
  get wait(): number {
    const { mclt, slack } = this.#terms()
    return mclt + slack
  }

  async replicateOps(ops: readonly Op[]): Promise<boolean> {
    return this.#session?.ops(ops) ?? false
  }

  async replicateLeases(leases: readonly Lease[]): Promise<ReadonlySet<Ipv4> | undefined> {
    return this.#session?.leases(leases)
  }

  /** Whether the other instance is silent on every path, or asks to be left out: its clients are this one's. */
  isGone(): boolean {
    return this.isConnected ? this.draining.isPeers : this.#presence.isSilent
  }

  /** Whether a client is this instance's to answer first. */
  isOwnBucket(bucket: number): boolean {
    return this.draining.until === undefined && isOwnBucket(this.#options.slot, bucket)
  }

  /**
   * No new work is begun from now on: the other instance has it.
   * @param until milliseconds since the epoch: when what is under way needn't be waited for any more.
   * @returns why that can't be.
   */
  drain(until: number): string | undefined {
    if (this.#state.name !== 'NORMAL') return `${this.#options.peer} isn't in step: nobody would take over`
    this.draining.begin(until)
    return undefined
  }

  /** @returns why the other instance can't be down; undefined: from now on it counts as down. */
  partnerDown(fenced: boolean): string | undefined {
    const { peer } = this.#options
    if (this.#session !== undefined) return `${peer} is connected`
    const { silentFor } = this.#presence
    const objection = objectionToPartnerDown(this.#state, { peer, silentFor, fenced, timing: this.#timing })
    if (objection !== undefined) return objection
    this.#step({ kind: 'partner-down', fenced })
    return undefined
  }

  /** Ends the pair: the other instance goes on alone. */
  leave(): void {
    this.#session?.wire.send({ type: 'left' })
  }

  /** Why the other instance can't be forgotten: it may still serve somebody. */
  objectionToForget(): string | undefined {
    return objectionToForget(this.#state, this.wait, this.#options.now())
  }

  connected(wire: Wire): void {
    this.#session?.wire.close()
    this.#drop()
    const { db, inventory, leases, now, received } = this.#options
    const session = new Session({
      wire,
      db,
      inventory,
      leases,
      now,
      whole: (isWhole) => this.#remember({ isWhole }),
      hasAll: () => this.#stepIn(session, { kind: 'has-all' }),
      inStep: () => this.#inStep(session),
      received: (ops) => {
        leases.obtained(changedHands(ops))
        received?.(ops)
      }
    })
    this.#session = session
    this.#presence.linked()
    wire.send(this.#hello())
  }

  disconnected(wire: Wire): void {
    if (this.#session?.wire !== wire) return
    this.#drop()
    this.#presence.unlinked()
  }

  /** Whoever waits for the other instance goes on without: there is no pair any more. */
  stop(): void {
    this.#session?.stop()
    this.#session?.close()
    this.#session = undefined
  }

  /** Takes a message that came over a wire. */
  message(wire: Wire, message: Message): void {
    const session = this.#session
    if (session?.wire !== wire) return
    switch (message.type) {
      case 'hello':
        this.#meet(session, message)
        break
      case 'beat':
        this.#heard(message, 'link')
        this.draining.isPeers = message.draining
        this.clocks.compare(message.now)
        break
      case 'ack':
        session.acknowledged(message.id, message.refused)
        break
      case 'nack':
        this.#hangUp(`${this.#options.peer} couldn't keep what it was sent: ${message.reason}`)
        break
      case 'want':
        if (this.#state.name === 'NORMAL') this.#rebalance.give(message.pools)
        break
      case 'left':
        this.#options.left?.()
        break
      case 'bye':
        this.#hangUp(`${this.#options.peer} hung up: ${message.reason}`)
        break
      default:
        session.take(message)
    }
  }

  /** Takes a sign of life that came over the provisioning network. */
  networkBeat(beat: Beat, ask: boolean): void {
    this.#heard(beat, 'network')
    if (ask) this.#presence.answer()
  }

  /** To be called every {@link Timing.beat}. */
  tick(): void {
    this.#progress.tick()
    const session = this.#session
    const beat = this.#presence.beat(session !== undefined)
    if (session === undefined) return
    const draining = this.draining.until !== undefined
    session.wire.send({ type: 'beat', now: this.#options.now(), draining, ...beat })
    if (this.#presence.isUncertain) return
    if (this.#presence.isLinkSilent) this.#hangUp(`${this.#options.peer} is silent on the link`)
    else if (this.lag > this.#timing.slow) this.#hangUp(`${this.#options.peer} takes too long to write`)
  }

  #terms(): Terms {
    const { mclt, autonomy } = this.#options.terms
    return { mclt, autonomy, longestLease: this.#memory.longestLease * 1000, ...this.clocks.terms }
  }

  #meet(session: Session, hello: Hello): void {
    const { inventory, instance, peer, version, tell } = this.#options
    const { log } = inventory
    const verdict = judge(hello, {
      origin: log.origin,
      seq: log.seq,
      seen: log.seen(),
      isWhole: this.#memory.isWhole,
      toldOrigin: this.#memory.toldOrigin,
      hasSince: (seq) => log.since(seq, 1) !== undefined
    })
    switch (verdict.kind) {
      case 'too-far-apart':
        session.wire.send({ type: 'bye', reason: `versions ${version} and ${hello.version} are too far apart` })
        this.#hangUp(`${peer}'s version ${hello.version} is too far from ${version} here: install the same on both`)
        break
      case 'rolled-back':
        inventory.renew(instance)
        this.#remember({ isWhole: false })
        this.#hangUp(`this instance is an older copy of itself: it begins anew from ${peer}`)
        break
      case 'nobody-whole':
        this.#hangUp('neither instance has a whole inventory: start one from a whole copy of its state folder')
        break
      case 'welcome': {
        this.clocks.compare(hello.now)
        const warning = this.clocks.warning(peer)
        if (warning !== undefined) tell('warn', warning)
        this.#presence.linked()
        session.open(hello, verdict)
        this.#step({ kind: 'connected' })
        session.pump()
      }
    }
  }

  #hangUp(reason: string): void {
    if (this.#session === undefined) return
    this.#options.tell('warn', reason)
    this.#session.wire.close()
    this.#drop()
  }

  /** First the state: what a write that isn't acknowledged any more may still promise follows from that. */
  #drop(): void {
    const session = this.#session
    if (session === undefined) return
    this.#session = undefined
    this.draining.isPeers = false
    session.stop()
    this.#step({ kind: 'disconnected' })
    session.close()
  }

  #heard(beat: Beat, path: Path): void {
    const silence = this.#options.now() - this.#presence.contact.confirmedAt
    if (silence > this.#options.terms.autonomy) this.#step({ kind: 'lapsed' })
    this.#presence.heard(beat, path)
    if (this.#state.name === 'PARTNER_DOWN') this.#step({ kind: 'heard' })
  }

  #inStep(session: Session): void {
    const toldOrigin = session.hello?.origin
    if (this.#session !== session || toldOrigin === undefined) return
    if (this.#memory.toldOrigin !== toldOrigin) this.#remember({ toldOrigin })
    this.#step({ kind: 'in-step' })
  }

  /** What became of a session that is over counts no more. */
  #stepIn(session: Session, event: PairEvent): void {
    if (this.#session === session) this.#step(event)
  }

  #step(event: PairEvent): void {
    const before = this.#state
    const { state, effects } = step(before, event, {
      now: this.#options.now(),
      contact: this.#presence.contact,
      terms: this.#terms(),
      rules: this.#rules
    })
    this.#state = state
    if (effects.includes('remember-peer')) this.#rememberPeer()
    if (effects.includes('rules')) this.#options.leases.reconsiderAll()
    if (state.name === before.name) return
    // Without the other one there is nobody to drain to.
    if (state.name === 'COMM_INT') this.draining.end()
    this.#options.tell(state.name === 'COMM_INT' ? 'warn' : 'info', meaningOf(state.name, this.#options.peer))
    this.#options.changed?.(state.name)
  }

  /** On disk before the other one can count on it. */
  #rememberPeer(): void {
    const peer = this.#session?.hello
    if (peer === undefined) return
    const lengths = [...this.#options.inventory.list('subnet')].map(({ lease }) => lease)
    this.#remember({ peerOrigin: peer.origin, longestLease: Math.max(0, ...lengths), peer })
  }

  #hello(): Hello {
    const { instance, version, inventory, now, reach } = this.#options
    return {
      type: 'hello',
      protocol: PROTOCOL,
      oldest: OLDEST_PROTOCOL,
      version,
      instance,
      origin: inventory.origin,
      boot: this.#presence.boot,
      now: now(),
      isWhole: this.#memory.isWhole,
      seen: inventory.log.seen(),
      reach: reach()
    }
  }

  #remember(changes: Partial<Memory>): void {
    this.#memory = { ...this.#memory, ...changes }
    writeMemory(this.#options.db, this.#memory)
  }
}

function beforeOf({ peerOrigin, isWhole }: Memory, slot: Slot): Before {
  if (peerOrigin !== '' && isWhole) return 'restarted'
  return slot === 0 && isWhole ? 'first' : 'new'
}
