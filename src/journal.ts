import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import { Allowance } from './allowance.ts'
import type { Attempts } from './inventory/attempts.ts'
import type { Now } from './inventory/clock.ts'
import { type EventInput, eventChange } from './inventory/events.ts'
import type { Inventory } from './inventory/inventory.ts'
import type { Leases } from './inventory/leases.ts'
import type { Change } from './inventory/oplog.ts'
import { journalMetrics } from './journal-metrics.ts'
import type { Ipv4 } from './net/ipv4.ts'
import type { Mac } from './net/mac.ts'
import type { Step } from './net/step.ts'
import { Tally } from './tally.ts'

/** How long events are gathered before they are written: they are for reading, nothing waits for them. */
const FLUSH_MS = 500
/** What is written at once, in some milliseconds; the rest of a rack's events follows so many milliseconds later. */
const PIECE = 100
const PIECE_MS = 50
/** How many may wait; what comes beyond, in a flood, is counted and left out. */
const MAX_PENDING = 2000

/**
 * A rack that powers on is told line by line; a storm of thousands a second is told in sums, for writing each
 * line takes longer than answering the packet.
 */
const LINES = { atOnce: 500, aSecond: 200 }
/** What a person should act on isn't lost among the rest. */
const WARNINGS = { atOnce: 100, aSecond: 20 }

/** The boot steps that the servers report: each becomes a log line, an event and a count. */
export class Journal {
  readonly registry = new Registry()
  readonly #counts = new Tally()
  readonly #lines: Allowance
  readonly #warnings: Allowance
  readonly #untold = new Tally()
  #untoldTimer: NodeJS.Timeout | undefined
  readonly #log: Logger
  readonly #inventory: Inventory
  readonly #macAt: (address: Ipv4) => Mac | undefined
  readonly #attempts: Attempts
  readonly #now: Now
  readonly #leases: Leases
  #pending: Change[] = []
  #left = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: {
    log: Logger
    inventory: Inventory
    leases: Leases
    /** Whose requests from an address are. */
    macAt: (address: Ipv4) => Mac | undefined
    attempts: Attempts
    now: Now
  }) {
    this.#log = options.log
    this.#inventory = options.inventory
    this.#macAt = options.macAt
    this.#attempts = options.attempts
    this.#now = options.now
    this.#leases = options.leases
    this.#lines = new Allowance(LINES, options.now)
    this.#warnings = new Allowance(WARNINGS, options.now)
    journalMetrics(this.registry, this.#counts, options)
  }

  /** Takes a server's step: adds whose it was, logs it, and keeps it as an event unless it is for debugging. */
  step(step: Step): void {
    const { protocol, outcome, address, answered, level } = step
    this.#counts.add(protocol, outcome)
    if (level === 'debug' && !this.#log.isLevelEnabled('debug')) return
    if (!(level === 'warn' ? this.#warnings : this.#lines).take()) {
      this.#leaveUntold(protocol, outcome)
      return
    }
    const mac = step.mac ?? (address && this.#macAt(address))
    const machine = mac ? this.#inventory.machineByMac(mac) : undefined
    const installing = machine?.life.goal === 'install' && machine.life.rank !== 'installed'
    const attempt = installing ? this.#attempts.ofGeneration(machine)[0]?.id : undefined
    const who = [machine?.name, mac ?? address].filter((each) => each !== undefined).join(' ') || 'unknown'
    const asked = typeof step.asked === 'string' ? step.asked : step.asked()
    const message = `${asked} -> ${answered}`
    this.#log[level]({ protocol, machine: machine?.name, mac, address, attempt }, `${who}: ${message}`)
    if (level === 'debug' || step.keep === false) return
    this.record({
      type: protocol,
      machine: machine?.name ?? null,
      mac: mac ?? null,
      address: (address as Ipv4 | undefined) ?? null,
      attempt: attempt ?? null,
      message
    })
  }

  /** Once a second the log says how many steps it doesn't tell one by one. */
  #leaveUntold(protocol: string, outcome: string): void {
    this.#untold.add(protocol, outcome)
    this.#untoldTimer ??= setTimeout(() => this.#tellSum(), 1000)
  }

  #tellSum(): void {
    clearTimeout(this.#untoldTimer)
    this.#untoldTimer = undefined
    if (this.#untold.isEmpty) return
    const sums = Array.from(this.#untold, ([protocol, outcome, count]) => `${count} ${protocol} ${outcome}`)
    this.#untold.clear()
    this.#log.info(`too many steps to tell one by one; further ones: ${sums.join(', ')}`)
  }

  /** Keeps an event, written a moment later. */
  record(event: EventInput): void {
    if (this.#pending.length >= MAX_PENDING) {
      this.#left += 1
      return
    }
    this.#pending.push(eventChange(this.#now(), event))
    this.#timer ??= setTimeout(() => this.#flushBetweenLeases(), FLUSH_MS)
  }

  /** Tells and writes what waits; to be called before the database is closed. */
  close(): void {
    this.#tellSum()
    this.flush()
  }

  /** While leases are written, SQLite would let this wait, and the event loop with it. */
  async #flushBetweenLeases(): Promise<void> {
    await this.#leases.idle()
    this.#write(PIECE)
    this.#timer = this.#pending.length > 0 ? setTimeout(() => this.#flushBetweenLeases(), PIECE_MS) : undefined
  }

  /** Writes what waits, in one transaction. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#write(Number.POSITIVE_INFINITY)
  }

  /** The oldest that wait, at most so many. */
  #write(most: number): void {
    if (this.#left > 0) {
      const message = `${this.#left} events were left out: there were more than could be written`
      this.#pending.push(eventChange(this.#now(), { type: 'daemon', message }))
      this.#left = 0
    }
    const changes = this.#pending.splice(0, most)
    if (changes.length === 0) return
    this.#inventory
      .write(changes)
      .catch((error: Error) => this.#log.error({ err: error }, `events were not written: ${error.message}`))
  }
}
