import type { Logger } from 'pino'
import { Counter, Gauge, Registry } from 'prom-client'
import type { Attempts } from './inventory/attempts.ts'
import type { Now } from './inventory/clock.ts'
import { type EventInput, eventChange } from './inventory/events.ts'
import type { Inventory } from './inventory/inventory.ts'
import type { Leases } from './inventory/leases.ts'
import { stateOf } from './inventory/lifecycle.ts'
import type { Change } from './inventory/oplog.ts'
import type { Ipv4 } from './net/ipv4.ts'
import type { Mac } from './net/mac.ts'
import type { Step } from './net/step.ts'

/** How long events are gathered before they are written: they are for reading, nothing waits for them. */
const FLUSH_MS = 100
/** How many may wait; what comes beyond, in a flood, is counted and left out. */
const MAX_PENDING = 2000

/** The boot steps that the servers report: each becomes a log line, an event and a count. */
export class Journal {
  readonly registry = new Registry()
  readonly #steps = new Counter({
    name: 'tandem_steps_total',
    help: 'Requests of machines, by protocol and outcome.',
    labelNames: ['protocol', 'outcome'] as const,
    registers: [this.registry]
  })
  readonly #log: Logger
  readonly #inventory: Inventory
  readonly #macAt: (address: Ipv4) => Mac | undefined
  readonly #attempts: Attempts
  readonly #now: Now
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
    const { inventory, leases } = options
    new Gauge({
      name: 'tandem_machines',
      help: 'Machines by state.',
      labelNames: ['state'] as const,
      registers: [this.registry],
      collect() {
        this.reset()
        for (const machine of inventory.list('machine')) this.inc({ state: stateOf(machine.life) })
      }
    })
    new Gauge({
      name: 'tandem_leases_active',
      help: 'Addresses that a client holds.',
      registers: [this.registry],
      collect() {
        this.set(leases.list().filter((lease) => leases.isActive(lease)).length)
      }
    })
  }

  /** Takes a server's step: adds whose it was, logs it, and keeps it as an event unless it is for debugging. */
  step(step: Step): void {
    const { protocol, outcome, address, asked, answered, level } = step
    this.#steps.inc({ protocol, outcome })
    if (level === 'debug' && !this.#log.isLevelEnabled('debug')) return
    const mac = step.mac ?? (address && this.#macAt(address))
    const machine = mac ? this.#inventory.machineByMac(mac) : undefined
    const installing = machine?.life.goal === 'install' && machine.life.rank !== 'installed'
    const attempt = installing ? this.#attempts.ofGeneration(machine)[0]?.id : undefined
    const who = [machine?.name, mac ?? address].filter((each) => each !== undefined).join(' ') || 'unknown'
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

  /** Keeps an event, written a moment later. */
  record(event: EventInput): void {
    if (this.#pending.length >= MAX_PENDING) {
      this.#left += 1
      return
    }
    this.#pending.push(eventChange(this.#now(), event))
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS)
  }

  /** Writes what waits, in one transaction; to be called before the database is closed. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#left > 0) {
      const message = `${this.#left} events were left out: there were more than could be written`
      this.#pending.push(eventChange(this.#now(), { type: 'daemon', message }))
      this.#left = 0
    }
    if (this.#pending.length === 0) return
    const changes = this.#pending
    this.#pending = []
    this.#inventory
      .write(changes)
      .catch((error: Error) => this.#log.error({ err: error }, `events were not written: ${error.message}`))
  }
}
