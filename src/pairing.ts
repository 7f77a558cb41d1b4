import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Server, TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { Reach as BootReach, ProvisioningInterface } from './boot/endpoints.ts'
import type { Config } from './config.ts'
import type { Db } from './inventory/database.ts'
import { InventoryError } from './inventory/errors.ts'
import type { FileStore } from './inventory/files.ts'
import type { Inventory } from './inventory/inventory.ts'
import type { Leases } from './inventory/leases.ts'
import type { Op, Replicator } from './inventory/oplog.ts'
import type { Ipv4 } from './net/ipv4.ts'
import { type Beat, BeatSockets, type Target } from './pair/beats.ts'
import { Invitation, readCode } from './pair/code.ts'
import { FileSync, type Incoming } from './pair/files.ts'
import { frame, readOne } from './pair/frames.ts'
import { type Address, dial, fingerprintOf, listen, type Opening, wireOver } from './pair/link.ts'
import { writeMemory } from './pair/memory.ts'
import { OLDEST_PROTOCOL, PROTOCOL, type Reach } from './pair/messages.ts'
import { Pair, TIMING } from './pair/pair.ts'
import { Redial } from './pair/redial.ts'
import type { Slot } from './pair/shares.ts'
import { type KnownPeer, type PairFile, readPairFile, writePairFile } from './pair-file.ts'
import { pairView } from './pair-view.ts'
import { startErrorOf } from './start-error.ts'

const KEY_BYTES = 32
/** Milliseconds: joining needs a few messages. */
const JOIN_MS = 5000
/** Milliseconds without a byte after which a file isn't waited for. */
const FILE_MS = 10_000

export type PairingOptions = {
  readonly config: Config
  readonly settings: NonNullable<Config['pair']>
  readonly db: Db
  readonly inventory: Inventory
  readonly leases: Leases
  readonly interfaces: readonly ProvisioningInterface[]
  readonly version: string
  readonly now: () => number
  readonly log: Logger
  /** A change of the pair that people should read of. */
  readonly record: (message: string) => void
  /** What the other instance wrote was applied. */
  readonly received: (ops: readonly Op[]) => void
  readonly files: FileStore
  /** How many transfers are under way. */
  readonly busy: () => number
}

/** The pair as the daemon has it: sockets, certificates and files around {@link Pair}. */
export class Pairing implements Replicator {
  readonly #options: PairingOptions
  readonly #invitation: Invitation
  readonly #redial = new Redial()
  readonly #sync: FileSync
  #file: PairFile
  #pair: Pair | undefined
  #server: Server | undefined
  #beats: BeatSockets | undefined
  #timer: NodeJS.Timeout | undefined
  #dialing = false
  #closed = false
  #dialAt = 0
  #socket: TLSSocket | undefined

  private constructor(options: PairingOptions, file: PairFile) {
    this.#options = options
    this.#file = file
    this.#invitation = new Invitation(options.now)
    this.#sync = new FileSync({
      store: options.files,
      inventory: options.inventory,
      fetch: (sha256) => this.#fetchFile(sha256),
      tell: (message) => options.log.info(message)
    })
    if (file.peer) this.#begin(file.peer)
  }

  static async start(options: PairingOptions): Promise<Pairing> {
    const { config, settings, now, log } = options
    const file = await readPairFile(config.state, settings.listen.address, now())
    const pairing = new Pairing(options, file)
    try {
      pairing.#server = await listen({
        at: settings.listen,
        identity: file.identity,
        peer: () => pairing.#file.peer && fingerprintOf(pairing.#file.peer.cert),
        opened: (opening, socket, cert, isPeer) => pairing.#opened(opening, socket, cert, isPeer),
        tell: (message) => log.warn(message)
      })
    } catch (error) {
      await pairing.close()
      throw startErrorOf(error as Error, `the pair can't listen on ${settings.listen.address}:${settings.listen.port}`)
    }
    return pairing
  }

  get pair(): Pair | undefined {
    return this.#pair
  }

  /** Whether machines may be answered: not while the inventory is being received, nor after this instance left its pair. */
  get isServing(): boolean {
    return !this.#file.left && (this.#pair?.isWhole ?? true)
  }

  get hasLeft(): boolean {
    return this.#file.left === true
  }

  /** Where machines reach the other instance. */
  reach(): BootReach | undefined {
    return this.#pair?.peerReach as BootReach | undefined
  }

  /** What DHCP has to know of the other instance; it is answered anew for each packet. */
  get partner(): { readonly servers: readonly Ipv4[]; isGone(): boolean; isOwn(bucket: number): boolean } {
    const pairing = this
    return {
      get servers() {
        return pairing.#pair?.peerServers ?? []
      },
      isGone: () => this.#pair?.isGone() ?? true,
      isOwn: (bucket) => this.#pair?.isOwnBucket(bucket) ?? true
    }
  }

  async replicate(ops: readonly Op[]): Promise<boolean> {
    return this.#pair?.replicateOps(ops) ?? false
  }

  /** How the two are, for people. */
  status(): Record<string, unknown> {
    const { config, settings, inventory } = this.#options
    const own = { instance: config.instance, listen: addressText(settings.listen), serving: this.isServing }
    const pair = this.#pair
    if (pair === undefined) return { state: this.#file.left ? 'LEFT' : 'UNPAIRED', ...own, peer: null }
    return {
      ...own,
      ...pairView(pair, this.#file.peer, [...inventory.list('subnet')], this.#options.busy()),
      files: { missing: this.#sync.missing, receiving: this.#sync.progress ?? null }
    }
  }

  /** Stops new work here; what is under way has so many seconds to end. */
  drain(seconds: number): void {
    this.#needed().drain(this.#options.now() + seconds * 1000)
  }

  resume(): void {
    this.#needed().drain(undefined)
  }

  partnerDown(fenced: boolean): string | undefined {
    return this.#needed().partnerDown(fenced)
  }

  #needed(): Pair {
    if (this.#pair) return this.#pair
    throw new InventoryError('wrong-state', 'this instance is in no pair')
  }

  /** A code for the second instance. @throws {InventoryError} when there is one already. */
  invite(): { code: string; until: number; address: string } {
    const { peer, identity, left } = this.#file
    if (peer) throw new InventoryError('taken', `${peer.instance} is the second instance already: a pair has two`)
    if (left) throw new InventoryError('wrong-state', 'this instance left its pair: invite it from the other one')
    const { address, port } = this.#options.settings.listen
    return { ...this.#invitation.issue(fingerprintOf(identity.cert)), address: `${address}:${port}` }
  }

  /**
   * Joins the instance at an address, whose inventory takes the place of this one's.
   * @param discard whether an inventory of its own may be dropped.
   * @throws {InventoryError} with what to do.
   */
  async join(to: Address, code: string, discard: boolean): Promise<void> {
    const { inventory, config, db, version } = this.#options
    if (this.#file.peer)
      throw new InventoryError('taken', `this instance is paired with ${this.#file.peer.instance} already`)
    if (!inventory.isEmpty() && !discard && !this.#file.left) {
      const machines = [...inventory.list('machine')].length
      throw new InventoryError(
        'in-use',
        `this instance has an inventory of its own (${machines} machines): joining replaces it. Say so with --discard, or join with the other instance`
      )
    }
    let read: ReturnType<typeof readCode>
    try {
      read = readCode(code)
    } catch (error) {
      throw InventoryError.invalid([{ field: 'code', message: (error as Error).message }])
    }
    const opening: Opening = {
      purpose: 'join',
      code: read.secret,
      instance: config.instance,
      version,
      protocol: PROTOCOL,
      oldest: OLDEST_PROTOCOL
    }
    const { identity } = this.#file
    let answer: JoinAnswer
    let cert: string
    try {
      const { socket, cert: shown } = await dial(to, identity, read.fingerprint, opening)
      cert = shown
      const { message } = await readOne(socket, JOIN_MS)
      socket.destroy()
      answer = message as JoinAnswer
    } catch (error) {
      throw new InventoryError('unreachable', `the other instance can't be joined: ${(error as Error).message}`)
    }
    if ('refused' in answer) throw new InventoryError('refused', answer.refused)
    writeMemory(db, { peerOrigin: '', isWhole: false, longestLease: 0 })
    inventory.log.renew(config.instance)
    this.#keep({ identity, peer: { instance: answer.instance, cert, slot: answer.slot, key: answer.key } })
    this.#options.record(`this instance joined ${answer.instance}`)
  }

  /** Ends the pair from here. @param force though the other instance can't be told. @throws {InventoryError} */
  leave(force: boolean): void {
    const { peer, identity } = this.#file
    if (!peer) throw new InventoryError('wrong-state', 'this instance is in no pair')
    const connected = this.#pair?.status.connected === true
    if (!connected && !force) {
      throw new InventoryError(
        'unreachable',
        `${peer.instance} can't be told now: try again when it is there, or say --force and run \`tandem pair forget\` there`
      )
    }
    this.#pair?.leave()
    this.#end()
    this.#file = { identity, left: true }
    writePairFile(this.#options.config.state, this.#file)
    this.#options.record(`this instance left ${peer.instance}: it serves nobody until it joins again`)
  }

  /** The other instance is gone for good: this one goes on alone. @throws {InventoryError} while it may still serve anybody. */
  forget(): void {
    const { peer } = this.#file
    if (!peer || !this.#pair) throw new InventoryError('wrong-state', 'this instance is in no pair')
    const objection = this.#pair.objectionToForget()
    if (objection !== undefined) throw new InventoryError('wrong-state', objection)
    this.#alone(`${peer.instance} is forgotten: this instance goes on alone`)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stopTicking()
    this.#sync.close()
    this.#socket?.destroy()
    await this.#beats?.close()
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()))
  }

  #opened(opening: Opening, socket: TLSSocket, cert: string, isPeer: boolean): void {
    if (opening.purpose === 'join') {
      this.#welcome(opening, socket, cert)
    } else if (!isPeer) {
      socket.destroy()
    } else if (opening.purpose === 'file') {
      void this.#sendFile(opening.sha256, socket)
    } else {
      this.#connect(socket)
    }
  }

  /** Answers one who wants to join. */
  #welcome(opening: Opening & { purpose: 'join' }, socket: TLSSocket, cert: string): void {
    const { config, version } = this.#options
    const refusal = this.#objection(opening)
    if (refusal !== undefined) {
      this.#options.log.warn(`${socket.remoteAddress} asked to join and was refused: ${refusal}`)
      socket.end(frame({ refused: refusal } satisfies JoinAnswer))
      return
    }
    const key = randomBytes(KEY_BYTES).toString('base64')
    const answer: JoinAnswer = { instance: config.instance, version, slot: 1, key }
    socket.end(frame(answer))
    this.#keep({ identity: this.#file.identity, peer: { instance: opening.instance, cert, slot: 0, key } })
    this.#options.record(`${opening.instance} joined this instance`)
  }

  #objection({ code, instance, protocol, oldest, version }: Opening & { purpose: 'join' }): string | undefined {
    const { config } = this.#options
    if (this.#file.peer)
      return `${config.instance} and ${this.#file.peer.instance} are a pair already: a pair has two instances`
    if (protocol < OLDEST_PROTOCOL || PROTOCOL < oldest)
      return `version ${version} is too far from ${this.#options.version} here: install the same on both`
    if (instance === config.instance)
      return `both are called ${instance}: give one another \`instance\` in its tandem.yaml`
    return this.#invitation.objection(code)
  }

  #keep(file: PairFile & { peer: KnownPeer }): void {
    this.#file = file
    writePairFile(this.#options.config.state, file)
    this.#begin(file.peer)
  }

  #begin(peer: KnownPeer): void {
    const { config, settings, db, inventory, leases, interfaces, version, now, log, record } = this.#options
    const pair = new Pair({
      db,
      inventory,
      leases,
      slot: peer.slot,
      instance: config.instance,
      version,
      reach: () => ({
        interfaces: interfaces.map(({ name, address, network }) => ({ name, address, network })),
        http: config.ports.http,
        dhcp: config.ports.dhcp,
        beats: settings.listen.port
      }),
      now,
      random: () => randomBytes(6).toString('hex'),
      terms: { mclt: settings.mclt * 1000, autonomy: settings.autonomy * 1000 },
      sendBeat: (beat, ask) => this.#sendBeat(beat, ask),
      tell: (level, message) => {
        log[level](message)
        record(message)
      },
      received: (ops) => {
        this.#options.received(ops)
        if (ops.some(({ entity }) => entity === 'image')) this.#sync.look()
      },
      changed: () => {
        if (pair.state.name === 'NORMAL') this.#sync.look()
      },
      left: () => this.#alone(`${peer.instance} left: this instance goes on alone`)
    })
    this.#pair = pair
    const key = Buffer.from(peer.key, 'base64')
    this.#beats = new BeatSockets({
      addresses: interfaces.map(({ address }) => address),
      port: settings.listen.port,
      key: () => key,
      received: (beat, ask) => pair.networkBeat(beat, ask),
      tell: (message) => log.debug(message)
    })
    this.#timer = setInterval(() => this.#tick(pair), TIMING.beat)
    this.#tick(pair)
  }

  #tick(pair: Pair): void {
    pair.tick()
    const { peer } = this.#file
    if (peer?.slot !== 1 || pair.status.connected || this.#dialing || performance.now() < this.#dialAt) return
    this.#dialing = true
    dial(this.#options.settings.peer, this.#file.identity, fingerprintOf(peer.cert), { purpose: 'link' })
      .then(
        ({ socket }) => this.#connect(socket),
        (error: Error) => this.#options.log.debug(`the other instance: ${error.message}`)
      )
      .finally(() => {
        this.#dialing = false
      })
  }

  #connect(socket: TLSSocket): void {
    const pair = this.#pair
    if (pair === undefined) {
      socket.destroy()
      return
    }
    this.#socket = socket
    const wire = wireOver(socket, {
      message: (from, message) => pair.message(from, message),
      closed: (from) => {
        if (this.#closed) return
        pair.disconnected(from)
        this.#dialAt = performance.now() + this.#redial.lost(performance.now())
      }
    })
    pair.connected(wire)
  }

  /** Sends a file of an image to the other instance: its size, or that it isn't here, then its bytes. */
  async #sendFile(sha256: string, socket: TLSSocket): Promise<void> {
    const { files } = this.#options
    const size = files.size(sha256)
    socket.write(frame({ size: size ?? null } satisfies FileHeader))
    if (size === undefined) socket.end()
    else await pipeline(createReadStream(files.path(sha256)), socket).catch(() => socket.destroy())
  }

  async #fetchFile(sha256: string): Promise<Incoming | undefined> {
    const { peer, identity } = this.#file
    if (peer === undefined || this.#pair?.status.connected !== true) return undefined
    const { socket } = await dial(this.#options.settings.peer, identity, fingerprintOf(peer.cert), {
      purpose: 'file',
      sha256
    })
    const { message, rest } = await readOne(socket, FILE_MS)
    const { size } = message as FileHeader
    if (size === null) {
      socket.destroy()
      return undefined
    }
    if (rest.length > 0) socket.unshift(rest)
    socket.setTimeout(FILE_MS, () => socket.destroy(new Error('nothing came any more')))
    return { size, content: socket }
  }

  #sendBeat(beat: Beat, ask: boolean): void {
    const reach = this.#pair?.peerReach
    if (reach) this.#beats?.send(beat, ask, targetsOf(this.#options.interfaces, reach))
  }

  #alone(message: string): void {
    this.#end()
    this.#file = { identity: this.#file.identity }
    writePairFile(this.#options.config.state, this.#file)
    this.#options.record(message)
  }

  #end(): void {
    const { db, inventory, leases } = this.#options
    this.#stopTicking()
    this.#pair = undefined
    this.#socket?.end()
    void this.#beats?.close()
    this.#beats = undefined
    leases.share()
    inventory.acknowledged(undefined)
    writeMemory(db, { peerOrigin: '', isWhole: true, longestLease: 0 })
  }

  #stopTicking(): void {
    clearInterval(this.#timer)
  }
}

function addressText({ address, port }: Address): string {
  return `${address}:${port}`
}

/** Before a file's bytes; null: it isn't here. */
type FileHeader = { readonly size: number | null }

type JoinAnswer =
  | { readonly refused: string }
  | { readonly instance: string; readonly version: string; readonly slot: Slot; readonly key: string }

/** For each own address the other's on the same network. */
function targetsOf(interfaces: readonly ProvisioningInterface[], { interfaces: others, beats }: Reach): Target[] {
  return interfaces.flatMap(({ address, network }) =>
    others
      .filter((other) => other.network === network && other.address !== address)
      .map((other) => ({ from: address, to: other.address, port: beats }))
  )
}
