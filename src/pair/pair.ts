import type { Db } from '../inventory/database.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Lease } from '../inventory/lease.ts'
import type { Holding, LeasePolicy } from '../inventory/lease-policy.ts'
import type { Leases } from '../inventory/leases.ts'
import type { Op } from '../inventory/oplog.ts'
import { snapshotParts, snapshotSize } from '../inventory/snapshot.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import { ADDRESS_RULES, type AddressRules, type Contact, type Terms } from './address-rules.ts'
import { type Beat, ContactLog } from './contact.ts'
import { Inbox, ONE_CLOCK } from './inbox.ts'
import { type Memory, readMemory, writeMemory } from './memory.ts'
import { type Hello, type Message, OLDEST_PROTOCOL, PROTOCOL, type Reach } from './messages.ts'
import { Outbox } from './outbox.ts'
import { isOwnBucket, Shares, type Slot } from './shares.ts'
import { type Before, type PairEvent, type PairState, standingOf, step } from './states.ts'

/** A connection to the other instance; it is authenticated. */
export interface Wire {
  send(message: Message): void
  close(): void
}

/** How soon what is noticed, in milliseconds. The simulator has its own, so that hours pass with few events. */
export type Timing = {
  /** Between two signs of life. */
  readonly beat: number
  /** Without a sign of life for so long the other instance counts as silent. */
  readonly silence: number
  /** An acknowledgement that takes longer is waited for no more: the write is told as not replicated. */
  readonly slow: number
  /** A turn of the event loop that took longer says nothing about the other instance: what it sent is still to be read. */
  readonly ownDelay: number
  /** So soon a living instance answers when it is asked. */
  readonly answer: number
  /** Whoever was heard so shortly ago isn't down. */
  readonly recent: number
}

export const TIMING: Timing = { beat: 100, silence: 1000, slow: 1500, ownDelay: 400, answer: 40, recent: 10_000 }

export type PairOptions = {
  readonly db: Db
  readonly inventory: Inventory
  readonly leases: Leases
  readonly slot: Slot
  readonly instance: string
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
  /** What the other one wrote was applied. */
  readonly received?: (ops: readonly Op[]) => void
  /** The other one says that it leaves the pair. */
  readonly left?: () => void
  /** The state, or what the other one said of itself, is another now. */
  readonly changed?: () => void
}

type Connection = { readonly wire: Wire; readonly inbox: Inbox; outbox?: Outbox; hello?: Hello; hasAll: boolean }

/**
 * One instance of a pair: what it sends to the other, what it takes from it, and what both together may promise. It
 * knows nothing of sockets and clocks.
 */
export class Pair implements LeasePolicy {
  readonly #options: PairOptions
  readonly #contact: ContactLog
  readonly #timing: Timing
  readonly #rules: AddressRules
  readonly shares = new Shares()
  readonly #startedAt: number
  #memory: Memory
  #state: PairState
  #connection: Connection | undefined
  #peer: Hello | undefined
  #servers: readonly Ipv4[]
  #skew = 0
  #tickedAt: number
  #connectedAt = 0
  #kept: number | undefined
  #keptAt = 0
  #graceUntil = 0
  #askedAt = 0
  #drainUntil: number | undefined
  #peerDraining = false
  #progress: { done: number; total: number } | undefined

  constructor(options: PairOptions) {
    const { db, now, random, leases } = options
    this.#options = options
    this.#contact = new ContactLog(random())
    this.#timing = options.timing ?? TIMING
    this.#rules = options.rules ?? ADDRESS_RULES
    this.#startedAt = now()
    this.#tickedAt = now()
    this.#memory = readMemory(db)
    this.#peer = this.#memory.peer
    this.#servers = serversOf(this.#peer)
    this.#state = { name: 'COMM_INT', since: now(), before: beforeOf(this.#memory, options.slot) }
    for (const { id, slot } of db.prepare('SELECT id, slot FROM share').all() as { id: Ipv4; slot: Slot }[]) {
      this.shares.handOver(id, slot)
    }
    if (this.#memory.peerOrigin !== '') options.inventory.acknowledged(options.inventory.log.keptAcknowledged)
    leases.share({ policy: this, replicator: { replicate: (changed) => this.replicateLeases(changed) } })
  }

  get state(): PairState {
    return this.#state
  }

  /** Whether this copy of the inventory can be served from. */
  get isWhole(): boolean {
    return this.#memory.isWhole
  }

  /** The addresses by which the other instance serves DHCP. */
  get peerServers(): readonly Ipv4[] {
    return this.#servers
  }

  /** Where machines reach the other instance, as it said last. */
  get peerReach(): Reach | undefined {
    return this.#peer?.reach
  }

  get status() {
    const { slot, instance } = this.#options
    const now = this.#options.now()
    return {
      state: this.#state.name,
      since: this.#state.since,
      slot,
      instance,
      draining: this.draining,
      peer: this.#peer && {
        instance: this.#peer.instance,
        version: this.#peer.version,
        draining: this.#peerDraining,
        reach: this.#peer.reach
      },
      connected: this.#connection?.hello !== undefined,
      heardAt: { link: this.#contact.heardAt('link'), network: this.#contact.heardAt('network') },
      skew: this.#skew,
      lag: this.#connection?.outbox?.waitingSince === undefined ? 0 : now - this.#connection.outbox.waitingSince,
      behind: {
        ops: this.#options.inventory.log.behind,
        leases: this.#options.leases.changes.last - this.#options.leases.changes.acknowledged
      },
      progress: this.#progress,
      solitude: this.#state.name === 'PARTNER_DOWN' ? this.#state.solitude : undefined
    }
  }

  // --- what is written

  async replicateOps(ops: readonly Op[]): Promise<boolean> {
    return this.#connection?.outbox?.ops(ops) ?? false
  }

  async replicateLeases(leases: readonly Lease[]): Promise<ReadonlySet<Ipv4> | undefined> {
    return this.#connection?.outbox?.leases(leases)
  }

  // --- what addresses may be given

  mayAllocate(address: Ipv4, last: Holding | undefined): boolean {
    if (this.#options.inventory.freed.has(address)) return false
    return this.#rules.mayAllocate(this.#standing(), this.#isOwn(address), last, this.#options.now(), this.#terms())
  }

  mayRenew(address: Ipv4, last: Holding): boolean {
    return this.#rules.mayRenew(this.#standing(), this.#isOwn(address), last, this.#options.now(), this.#terms())
  }

  latestEnd(last: Holding | undefined): number {
    return this.#rules.latestEnd(this.#standing(), last, this.#options.now(), this.#terms())
  }

  #isOwn(address: Ipv4): boolean {
    return this.shares.ownerOf(address) === this.#options.slot
  }

  #standing() {
    return standingOf(this.#state, this.#contactNow())
  }

  #contactNow(): Contact {
    return this.#contact.contact(this.#startedAt)
  }

  #terms(): Terms {
    const { mclt, autonomy } = this.#options.terms
    const skew = Math.abs(this.#skew)
    return {
      mclt,
      autonomy,
      longestLease: this.#memory.longestLease * 1000,
      skew: skew < ONE_CLOCK ? 0 : skew,
      slack: SLACK_MS + (skew < ONE_CLOCK ? 0 : skew)
    }
  }

  // --- who answers whom

  /** Whether the other instance is silent on every path, or asks to be left out: its clients are this one's. */
  isGone(): boolean {
    if (this.#peerDraining && this.#connection !== undefined) return true
    if (this.#connection?.hello !== undefined) return false
    const now = this.#options.now()
    const answered = this.#contact.answeredAt('network')
    if (this.#askedAt > answered && now - this.#askedAt >= this.#timing.answer) return true
    return now - answered > this.#timing.silence
  }

  /** Whether a client is this instance's to answer first. */
  isOwnBucket(bucket: number): boolean {
    return !this.draining && isOwnBucket(this.#options.slot, bucket)
  }

  get draining(): boolean {
    return this.#drainUntil !== undefined
  }

  /** Milliseconds by which what the other one gave lasts longer than is known. */
  get wait(): number {
    const { mclt, slack } = this.#terms()
    return mclt + slack
  }

  /** Ends the pair: the other instance goes on alone. */
  leave(): void {
    this.#connection?.wire.send({ type: 'left' })
  }

  /** Why the other instance can't be forgotten: it may still serve somebody. */
  objectionToForget(): string | undefined {
    if (this.#state.name !== 'PARTNER_DOWN')
      return 'say first that the other instance is down: `tandem pair partner-down`'
    const until = this.#state.solitude.othersUntil + this.wait
    if (this.#options.now() >= until) return undefined
    return `what the other instance has given out may be in use until ${new Date(until).toISOString()}`
  }

  /** No new work is begun from now on. @param until milliseconds since the epoch: when what is under way needn't be waited for any more; undefined: it goes on. */
  drain(until: number | undefined): void {
    this.#drainUntil = until
    this.#options.tell('info', until === undefined ? 'this instance serves again' : 'this instance drains')
    this.#options.changed?.()
  }

  /** When draining ends whatever goes on still. */
  get drainUntil(): number | undefined {
    return this.#drainUntil
  }

  /** @returns why the other instance can't be down; undefined: from now on it counts as down. */
  partnerDown(fenced: boolean): string | undefined {
    const now = this.#options.now()
    if (this.#connection !== undefined) return 'the other instance is connected'
    const heard = Math.max(this.#contact.heardAt('link'), this.#contact.heardAt('network'))
    if ((!fenced && heard > now - this.#timing.recent) || heard > now - this.#timing.silence) {
      return `the other instance was heard ${((now - heard) / 1000).toFixed(1)} s ago`
    }
    if (this.#state.name === 'COMM_INT' && this.#state.before === 'new') {
      return 'this instance never had the whole inventory: it can serve nobody'
    }
    this.#step({ kind: 'partner-down', fenced })
    return undefined
  }

  // --- the connection

  connected(wire: Wire): void {
    this.#connection?.wire.close()
    this.#drop()
    const { db, inventory, leases, now } = this.#options
    const send = (message: Message) => wire.send(message)
    const inbox = new Inbox({
      db,
      inventory,
      leases,
      now,
      send,
      replacing: () => this.#remember({ isWhole: false }),
      replaced: () => {
        this.#remember({ isWhole: true })
        this.#progress = undefined
        this.#reloadShares()
      },
      progress: (done, total) => {
        this.#progress = { done, total }
      },
      ended: () => {
        if (this.#connection?.wire === wire) {
          this.#connection.hasAll = true
          this.#step({ kind: 'has-all' })
        }
      },
      acknowledged: () => this.#checkInStep(),
      received: (ops) => {
        this.#noteShares(ops)
        this.#options.received?.(ops)
      }
    })
    this.#connection = { wire, inbox, hasAll: false }
    this.#connectedAt = now()
    wire.send(this.#hello())
  }

  disconnected(wire: Wire): void {
    if (this.#connection?.wire !== wire) return
    this.#drop()
    this.#askedAt = this.#options.now()
    this.#options.sendBeat(this.#contact.next(this.#askedAt), true)
  }

  /** Takes a message that came over a wire. */
  message(wire: Wire, message: Message): void {
    const connection = this.#connection
    if (connection?.wire !== wire) return
    switch (message.type) {
      case 'hello':
        this.#meet(connection, message)
        break
      case 'beat':
        this.#heard(message, 'link')
        this.#peerDraining = message.draining
        this.#skew = this.#smoothedSkew(message.now)
        break
      case 'ack':
        connection.outbox?.acknowledged(message.id, message.refused)
        break
      case 'nack':
        this.#hangUp(`the other instance couldn't keep what it was sent: ${message.reason}`)
        break
      case 'left':
        this.#options.left?.()
        break
      case 'bye':
        this.#hangUp(`the other instance hung up: ${message.reason}`)
        break
      default:
        connection.inbox.take(message)
    }
  }

  /** Takes a sign of life that came over the provisioning network. */
  networkBeat(beat: Beat, ask: boolean): void {
    this.#heard(beat, 'network')
    if (ask) this.#options.sendBeat(this.#contact.next(this.#options.now()), false)
  }

  /** To be called every {@link Timing.beat}. */
  tick(): void {
    const now = this.#options.now()
    if (now - this.#tickedAt > this.#timing.ownDelay) this.#graceUntil = now + this.#timing.ownDelay
    this.#tickedAt = now
    this.#keepAcknowledged()
    const beat = this.#contact.next(now)
    const connection = this.#connection
    this.#options.sendBeat(beat, connection === undefined && this.#askedAt > this.#contact.answeredAt('network'))
    if (connection === undefined) return
    connection.wire.send({ type: 'beat', now, draining: this.draining, ...beat })
    if (now < this.#graceUntil) return
    const answered = Math.max(this.#contact.answeredAt('link'), this.#connectedAt)
    if (now - answered > this.#timing.silence) this.#hangUp('the other instance is silent')
    const waiting = connection.outbox?.waitingSince
    if (waiting !== undefined && now - waiting > this.#timing.slow)
      this.#hangUp('the other instance takes too long to write')
  }

  /** A second at most is forgotten by a crash: what the other one has then counts as unknown to it, which is safe. */
  #keepAcknowledged(): void {
    const { log } = this.#options.inventory
    const now = this.#options.now()
    if (now - this.#keptAt < KEEP_MS || log.acknowledgedSeq === this.#kept) return
    this.#keptAt = now
    this.#kept = log.acknowledgedSeq
    log.keepAcknowledged()
  }

  #meet(connection: Connection, hello: Hello): void {
    const { inventory, leases, db, now, instance } = this.#options
    if (hello.protocol < OLDEST_PROTOCOL || PROTOCOL < hello.oldest) {
      connection.wire.send({
        type: 'bye',
        reason: `its version ${this.#options.version} and ${hello.version} don't understand each other`
      })
      this.#hangUp(`the other instance's version ${hello.version} is too far from this one's`)
      return
    }
    const { log } = inventory
    if ((hello.seen[log.origin] ?? 0) > log.seq) {
      // A copy of this state folder was put back: what it wrote since is known to the other one alone.
      log.renew(instance)
      this.#remember({ isWhole: false })
      this.#options.tell('warn', 'this instance is an older copy of itself: it begins anew from the other one')
      this.#hangUp('a new beginning')
      return
    }
    this.#peer = hello
    this.#servers = serversOf(hello)
    this.#skew = now() - hello.now
    this.#connectedAt = now()
    connection.hello = hello
    const isNew = hello.origin !== this.#memory.peerOrigin || !hello.isWhole
    const known = hello.seen[log.origin] ?? 0
    const lacksOthers = Object.entries(log.seen()).some(
      ([origin, seq]) => origin !== log.origin && origin !== hello.origin && (hello.seen[origin] ?? 0) < seq
    )
    const needsAll = this.#memory.isWhole && (!hello.isWhole || lacksOthers || log.since(known, 1) === undefined)
    if (isNew) leases.acknowledged(0)
    inventory.acknowledged(known)
    if (!this.#memory.isWhole && !hello.isWhole) {
      this.#hangUp('neither instance has a whole inventory: restore a backup on one')
      return
    }
    connection.outbox = new Outbox({
      log,
      leases,
      cursor: needsAll ? log.seq : known,
      whole: needsAll ? { total: snapshotSize(db), seen: log.seen(), parts: snapshotParts(db, log) } : undefined,
      backlog: leases.changedSince(leases.changes.acknowledged, isNew),
      send: (message) => connection.wire.send(message),
      now,
      through: () => this.#checkInStep(),
      acknowledgedOps: (seq) => inventory.acknowledged(seq)
    })
    this.#step({ kind: 'connected' })
    connection.outbox.pump()
  }

  #checkInStep(): void {
    const connection = this.#connection
    if (connection?.hello === undefined || !connection.hasAll || !connection.outbox?.isThrough) return
    this.#step({ kind: 'in-step' })
  }

  #hangUp(reason: string): void {
    const connection = this.#connection
    if (connection === undefined) return
    this.#options.tell('warn', reason)
    connection.wire.close()
    this.#drop()
  }

  #drop(): void {
    const connection = this.#connection
    if (connection === undefined) return
    this.#connection = undefined
    connection.inbox.close()
    this.#step({ kind: 'disconnected' })
    connection.outbox?.close()
  }

  #heard(beat: Beat, path: 'link' | 'network'): void {
    const now = this.#options.now()
    if (now - this.#contactNow().confirmedAt > this.#options.terms.autonomy) this.#step({ kind: 'lapsed' })
    this.#contact.take(beat, path, now)
    if (this.#state.name === 'PARTNER_DOWN') this.#step({ kind: 'heard' })
  }

  #step(event: PairEvent): void {
    const { state, effects } = step(this.#state, event, {
      now: this.#options.now(),
      contact: this.#contactNow(),
      terms: this.#terms(),
      rules: this.#rules
    })
    if (state === this.#state) return
    this.#state = state
    if (effects.includes('remember-peer')) this.#rememberPeer(this.#connection?.hello?.origin ?? '')
    if (effects.includes('rules')) this.#options.leases.reconsiderAll()
    this.#options.tell(state.name === 'COMM_INT' ? 'warn' : 'info', `the pair is ${state.name}`)
    this.#options.changed?.()
  }

  /** On disk before the other one can count on it. */
  #rememberPeer(origin: string): void {
    const lengths = [...this.#options.inventory.list('subnet')].map(({ lease }) => lease)
    const peer = this.#connection?.hello
    this.#remember({ peerOrigin: origin, longestLease: Math.max(0, ...lengths), ...(peer && { peer }) })
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
      boot: this.#contact.boot,
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

  #noteShares(ops: readonly Op[]): void {
    for (const op of ops) {
      if (op.entity === 'share') this.shares.handOver(op.key as Ipv4, (JSON.parse(op.value) as { slot: Slot }).slot)
    }
  }

  #reloadShares(): void {
    const rows = this.#options.db.prepare('SELECT id, slot FROM share').all() as { id: Ipv4; slot: Slot }[]
    for (const { id, slot } of rows) this.shares.handOver(id, slot)
  }

  #smoothedSkew(theirs: number): number {
    return this.#options.now() - theirs
  }
}

function serversOf(peer: Hello | undefined): readonly Ipv4[] {
  return (peer?.reach.interfaces ?? []).map(({ address }) => address as Ipv4)
}

function beforeOf({ peerOrigin, isWhole }: Memory, slot: Slot): Before {
  if (peerOrigin !== '' && isWhole) return 'restarted'
  return slot === 0 && isWhole ? 'first' : 'new'
}

/** How often is kept how far the other one has come. */
const KEEP_MS = 1000

/** What every wait is longer by: a translated time, and a grant that was on its way. */
const SLACK_MS = 10_000
