import Database from 'better-sqlite3'
import { AddressAllocator } from '../../src/boot/allocator.ts'
import { Callbacks } from '../../src/boot/callbacks.ts'
import { Endpoints } from '../../src/boot/endpoints.ts'
import type { Facts } from '../../src/boot/identify.ts'
import { BootService } from '../../src/boot/service.ts'
import { Speakers } from '../../src/boot/speakers.ts'
import type { Slot } from '../../src/inventory/address-shares.ts'
import { Attempts } from '../../src/inventory/attempts.ts'
import { type Db, openDatabase } from '../../src/inventory/database.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { LeaseLog } from '../../src/inventory/lease-log.ts'
import { leaseWriter, rowOf } from '../../src/inventory/lease-rows.ts'
import { Leases } from '../../src/inventory/leases.ts'
import type { LogLimits, Op } from '../../src/inventory/oplog.ts'
import { MachineNetworks } from '../../src/machine-networks.ts'
import type { AddressRules } from '../../src/pair/address-rules.ts'
import { becomeSecond, becomeSole, reckonWithLost } from '../../src/pair/membership.ts'
import { readMemory } from '../../src/pair/memory.ts'
import { Pair } from '../../src/pair/pair.ts'
import type { Timing } from '../../src/pair/timing.ts'
import { TELLING } from '../support/boot.ts'
import { cidr, ip } from '../support/values.ts'
import type { Network } from './network.ts'
import type { Random, World } from './world.ts'

const MINUTE = 60_000

/** Coarser than the daemon's: hours pass with some hundred events. */
export const TIMING: Timing = {
  beat: 30_000,
  silence: 100_000,
  slow: 90_000,
  ownDelay: 60_000,
  answer: 2000,
  recent: 300_000
}
export const TERMS = { mclt: 10 * MINUTE, autonomy: 120 * MINUTE }
/** Few, so that one is too far behind after some hundred writes. */
const LOG_LIMITS: LogLimits = { tail: 100, most: 300, step: 25 }
export const OFFER_LIMIT = 2
/** Bytes of each file of an image: both have all of them. */
export const FILE_SIZE = 1
const EPOCH = Date.UTC(2026, 10, 22)

/** What is wrong on purpose: to see that it is found out. */
export type Faults = {
  readonly rules?: AddressRules
  /** Writes are acknowledged without waiting for the other instance. */
  readonly asynchronous?: boolean
  /** The installer doesn't look for the marker on its disk. */
  readonly unguarded?: boolean
}

export type Parts = {
  readonly inventory: Inventory
  readonly leases: Leases
  readonly pair: Pair
  readonly allocator: AddressAllocator
  readonly boot: BootService
  readonly callbacks: Callbacks
}

let template: Buffer | undefined

function emptyDisk(): Db {
  template ??= openDatabase(':memory:').serialize()
  const db = new Database(template)
  db.pragma('foreign_keys = ON')
  db.pragma('synchronous = OFF')
  return db
}

/** An instance: real code on a virtual clock, network and disk. */
export class Node {
  readonly name: 'a' | 'b'
  slot: Slot
  readonly address
  db: Db = emptyDisk()
  /** Counts its disks. */
  disk = 1
  /** Its disk broke: it can't be started until it joins anew. */
  isLost = false
  /** The versions that a write of this instance built on. */
  readonly builtOn = new Set<string>()
  /** Milliseconds that its clock is ahead; the process takes it over when it starts. */
  skew = 0
  #ahead = 0
  isFrozen = false
  /** Counts its starts: what an earlier run had under way doesn't reach this one. */
  run = 0
  /** The same of a pair: each has signs of life of its own. */
  #pairs = 0
  peer!: Node
  #parts: Parts | undefined
  readonly #world: World
  readonly #network: Network
  readonly #faults: Faults
  readonly #random: Random
  readonly #waiting: (() => void)[] = []
  #unwritten: { land(): void; told(): void }[] = []

  constructor(name: 'a' | 'b', world: World, network: Network, faults: Faults) {
    this.name = name
    this.slot = name === 'a' ? 0 : 1
    this.address = ip(name === 'a' ? '10.77.0.1' : '10.77.0.2')
    this.#world = world
    this.#network = network
    this.#faults = faults
    this.#random = world.random(`node ${name}`)
  }

  get isRunning(): boolean {
    return this.#parts !== undefined
  }

  /** @throws {Error} when it isn't running. */
  get parts(): Parts {
    if (this.#parts === undefined) throw new Error(`${this.name} isn't running`)
    return this.#parts
  }

  readonly now = (): number => EPOCH + this.#world.time + this.#ahead

  /** Whether an instance's ops up to a number are on the disk; one that broke counts, for what it had was acknowledged. */
  hasOps(origin: string, seq: number): boolean {
    if (this.isLost) return true
    const seen = this.db.prepare('SELECT seq FROM seen WHERE origin = ?').pluck().get(origin) as number | undefined
    return (seen ?? 0) >= seq
  }

  /** Whether it can go on without the other one: its copy is whole, and it was in step unless it was there first. */
  get canGoOn(): boolean {
    if (this.isLost) return false
    const { isWhole, peerOrigin } = readMemory(this.db)
    return isWhole && (this.slot === 0 || peerOrigin !== '')
  }

  start(): void {
    this.run += 1
    this.isFrozen = false
    this.#ahead = this.skew
    const { db, now } = this
    const interfaces = [{ name: 'br0', address: this.address, network: cidr('10.77.0.0/24') }]
    const leases = new Leases(db, this.name, now, this.#leaseLog())
    const peers = [{ name: 'br0', address: this.peer.address, network: cidr('10.77.0.0/24') }]
    const endpoints = new Endpoints(interfaces, 80, () => ({ interfaces: peers, http: 80, dhcp: 67 }))
    const addressUse = new MachineNetworks(interfaces, leases, endpoints)
    const replicator = { replicate: (ops: readonly Op[]) => this.#replicate(ops) }
    const inventory = new Inventory({
      db,
      instance: this.name,
      now,
      replicator,
      addressUse,
      logLimits: LOG_LIMITS
    })
    const facts = {
      inventory,
      leases,
      attempts: new Attempts(db, inventory, now),
      // Nothing but sizes is asked for: both instances have every file.
      files: { size: () => FILE_SIZE } as unknown as Facts['files'],
      hasLoader: () => true,
      missingSigned: () => undefined,
      offerLimit: OFFER_LIMIT
    }
    const speakers = new Speakers(inventory, leases, now)
    const boot = new BootService({ facts, endpoints, renderer: TELLING, speakers, now })
    const callbacks = new Callbacks(boot, speakers, now)
    const allocator = new AddressAllocator(facts, endpoints, now)
    if (this.isLost) void becomeSecond({ db, inventory, leases }, this.name)
    this.isLost = false
    this.#parts = { inventory, leases, pair: this.#pairOf(inventory, leases), allocator, boot, callbacks }
    this.#tick(this.run)
  }

  /** The process ends for good, and its disk with it: an empty one takes its place. */
  loseDisk(): void {
    this.kill()
    this.db.close()
    this.db = emptyDisk()
    this.disk += 1
    this.isLost = true
  }

  /** Forgets the other instance, so that another may join. @returns whether that is done: the process may be killed meanwhile. */
  async forget(): Promise<boolean> {
    const { run } = this
    const { inventory, leases, pair } = this.parts
    await reckonWithLost({ inventory, leases })
    if (this.run !== run || this.parts.pair !== pair || pair.objectionToForget() !== undefined) return false
    pair.stop()
    becomeSole({ db: this.db, inventory, leases })
    this.slot = 0
    this.#parts = { ...this.parts, pair: this.#pairOf(inventory, leases) }
    return true
  }

  /** The process is killed: what the disk was given is there, or isn't; all else is lost. */
  kill(): void {
    this.#parts = undefined
    this.isFrozen = false
    this.#waiting.length = 0
    const written = this.#random.between(0, this.#unwritten.length)
    for (const { land } of this.#unwritten.slice(0, written)) land()
    this.#unwritten = []
    this.#network.died(this)
  }

  freeze(): void {
    this.isFrozen = true
  }

  thaw(): void {
    this.isFrozen = false
    for (const run of this.#waiting.splice(0)) run()
  }

  /** Hands something to the process; a frozen one gets it when it goes on. */
  deliver(to: (pair: Pair) => void): void {
    this.does((parts) => to(parts.pair))
  }

  does(act: (parts: Parts) => void): void {
    const { run } = this
    const go = () => {
      if (this.run === run && this.#parts !== undefined) act(this.#parts)
    }
    if (this.#parts === undefined) return
    if (this.isFrozen) this.#waiting.push(go)
    else go()
  }

  async #replicate(ops: readonly Op[]): Promise<boolean> {
    for (const { base } of ops) for (const version of base.split(' ')) this.builtOn.add(version)
    const replicated = this.#parts?.pair.replicateOps(ops) ?? Promise.resolve(false)
    return this.#faults.asynchronous ? true : replicated
  }

  #pairOf(inventory: Inventory, leases: Leases): Pair {
    this.#pairs += 1
    return new Pair({
      db: this.db,
      inventory,
      leases,
      slot: this.slot,
      instance: this.name,
      peer: this.peer.name,
      version: 'simulated',
      reach: () => ({ interfaces: [], http: 80, dhcp: 67, beats: 1 }),
      now: this.now,
      random: () => `${this.name}${this.#pairs}`,
      terms: TERMS,
      timing: TIMING,
      ...(this.#faults.rules && { rules: this.#faults.rules }),
      spare: (pools, most) => this.#parts?.allocator.spare(pools, most) ?? [],
      sendBeat: (beat, ask) => this.#network.sendBeat(this, this.peer, beat, ask),
      tell: (_level, message) => this.#world.tell(`${this.name}: ${message}`)
    })
  }

  #tick(run: number): void {
    if (this.run !== run || this.#parts === undefined) return
    this.does(({ pair }) => {
      pair.tick()
      if (this.slot === 1 && !pair.isConnected) this.#network.dial(this, this.peer)
    })
    this.#world.after(TIMING.beat, () => this.#tick(run))
  }

  /** Writes are on disk some milliseconds after they were given to it, in their order. */
  #leaseLog(): LeaseLog {
    const write = leaseWriter(this.db)
    return {
      append: (leases, acknowledged) =>
        new Promise((resolve) => {
          const { run } = this
          const batch = { rows: leases.map(rowOf), acknowledged }
          const unwritten = { land: () => write(batch), told: () => resolve(1) }
          this.#unwritten.push(unwritten)
          this.#world.after(this.#random.between(1, 30), () => {
            if (this.run !== run || this.#parts === undefined) return
            // Those before it as well.
            const upTo = this.#unwritten.indexOf(unwritten) + 1
            for (const each of this.#unwritten.splice(0, upTo)) {
              each.land()
              this.does(each.told)
            }
          })
        }),
      close: async () => {}
    }
  }
}
