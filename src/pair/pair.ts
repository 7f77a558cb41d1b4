import { changedHands, type Slot } from '../inventory/address-shares.ts'
import type { Lease } from '../inventory/lease.ts'
import type { Op } from '../inventory/oplog.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import { AddressPolicy } from './address-policy.ts'
import { ADDRESS_RULES } from './address-rules.ts'
import type { Clocks } from './clocks.ts'
import type { Beat, Path } from './contact.ts'
import { Draining } from './draining.ts'
import { judge } from './greeting.ts'
import { KeptProgress } from './kept-progress.ts'
import { type Hello, type Message, OLDEST_PROTOCOL, PROTOCOL } from './messages.ts'
import type { PairOptions } from './pair-options.ts'
import { Presence } from './presence.ts'
import { Rebalance } from './rebalance.ts'
import { Session, type Wire } from './session.ts'
import { isOwnBucket } from './shares.ts'
import { PairStanding } from './standing.ts'
import { meaningOf, type PairEvent, type PairState } from './states.ts'
import { TIMING, type Timing } from './timing.ts'

/**
 * One instance of a pair: what it sends to the other, what it takes from it, and what both together may promise. It
 * knows nothing of sockets and clocks.
 */
export class Pair {
  readonly #options: PairOptions
  readonly #timing: Timing
  readonly #presence: Presence
  readonly #standing: PairStanding
  readonly #rebalance: Rebalance
  readonly #progress: KeptProgress
  readonly draining: Draining
  #session: Session | undefined

  constructor(options: PairOptions) {
    const { now, random, inventory, leases, slot, sendBeat, timing = TIMING, rules = ADDRESS_RULES } = options
    this.#options = options
    this.#timing = timing
    this.#presence = new Presence({ boot: random(), timing, now, sendBeat })
    this.#standing = new PairStanding({
      ...options,
      timing,
      rules,
      presence: this.#presence,
      hello: () => this.#session?.hello,
      rulesChanged: () => leases.reconsider(),
      changed: (state) => this.#changed(state)
    })
    this.#progress = new KeptProgress(inventory.log.peer, leases, now)
    this.draining = new Draining(options.peer, (message) => options.tell('info', message))
    if (this.#standing.memory.peerOrigin !== '') inventory.acknowledged(inventory.log.peer.kept)
    this.#rebalance = new Rebalance({
      ...options,
      ask: (pools) => this.#session?.wire.send({ type: 'want', pools })
    })
    const policy = new AddressPolicy({
      slot,
      rules,
      freed: inventory.freed,
      shares: inventory.shares,
      exhausted: (pools) => {
        if (this.state.name === 'NORMAL') this.#rebalance.ask(pools)
      },
      now,
      standing: () => this.#standing.standing,
      terms: () => this.#standing.terms
    })
    leases.share({ policy, replicator: { replicate: (changed) => this.replicateLeases(changed) } })
  }

  get state(): PairState {
    return this.#standing.state
  }

  /** How far its clock is from the other instance's. */
  get clocks(): Clocks {
    return this.#standing.clocks
  }

  get slot(): Slot {
    return this.#options.slot
  }

  /** Whether this copy of the inventory can be served from. */
  get isWhole(): boolean {
    return this.#standing.memory.isWhole
  }

  get isConnected(): boolean {
    return this.#session?.hello !== undefined
  }

  /** What the other instance said of itself last, be it in an earlier run. */
  get peer(): Hello | undefined {
    return this.#session?.hello ?? this.#standing.memory.peer
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
    return this.#standing.wait
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
    if (this.state.name !== 'NORMAL') return `${this.#options.peer} isn't in step: nobody would take over`
    this.draining.begin(until)
    return undefined
  }

  /** @returns why the other instance can't be down; undefined: from now on it counts as down. */
  partnerDown(fenced: boolean): string | undefined {
    if (this.#session !== undefined) return `${this.#options.peer} is connected`
    return this.#standing.partnerDown(fenced)
  }

  /** Ends the pair: the other instance goes on alone. */
  leave(): void {
    this.#session?.wire.send({ type: 'left' })
  }

  /** Why the other instance can't be forgotten: it may still serve somebody. */
  objectionToForget(): string | undefined {
    return this.#standing.objectionToForget()
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
      whole: (isWhole) => this.#standing.remember({ isWhole }),
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
        if (this.state.name === 'NORMAL') void this.#rebalance.give(message.pools)
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

  #meet(session: Session, hello: Hello): void {
    const { inventory, instance, peer, version, tell } = this.#options
    const { log } = inventory
    const verdict = judge(hello, {
      origin: log.origin,
      seq: log.seq,
      seen: log.seen(),
      isWhole: this.isWhole,
      toldOrigin: this.#standing.memory.toldOrigin,
      hasSince: (seq) => log.since(seq, 1) !== undefined
    })
    switch (verdict.kind) {
      case 'too-far-apart':
        session.wire.send({ type: 'bye', reason: `versions ${version} and ${hello.version} are too far apart` })
        this.#hangUp(`${peer}'s version ${hello.version} is too far from ${version} here: install the same on both`)
        break
      case 'rolled-back':
        inventory.renew(instance)
        this.#standing.remember({ isWhole: false })
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
        this.#standing.step({ kind: 'connected' })
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
    this.#standing.step({ kind: 'disconnected' })
    session.close()
  }

  #heard(beat: Beat, path: Path): void {
    const silence = this.#options.now() - this.#presence.contact.confirmedAt
    if (silence > this.#options.terms.autonomy) this.#standing.step({ kind: 'lapsed' })
    this.#presence.heard(beat, path)
    if (this.state.name === 'PARTNER_DOWN') this.#standing.step({ kind: 'heard' })
  }

  #inStep(session: Session): void {
    const toldOrigin = session.hello?.origin
    if (this.#session !== session || toldOrigin === undefined) return
    if (this.#standing.memory.toldOrigin !== toldOrigin) this.#standing.remember({ toldOrigin })
    this.#standing.step({ kind: 'in-step' })
  }

  /** What became of a session that is over counts no more. */
  #stepIn(session: Session, event: PairEvent): void {
    if (this.#session === session) this.#standing.step(event)
  }

  #changed({ name }: PairState): void {
    const { peer, tell, changed } = this.#options
    // Without the other one there is nobody to drain to.
    if (name === 'COMM_INT') this.draining.end()
    tell(name === 'COMM_INT' ? 'warn' : 'info', meaningOf(name, peer))
    changed?.(name)
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
      isWhole: this.isWhole,
      seen: inventory.log.seen(),
      reach: reach()
    }
  }
}
