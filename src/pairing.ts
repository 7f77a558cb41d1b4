import { randomBytes } from 'node:crypto'
import type { Server, TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { Reach as BootReach, ProvisioningInterface } from './boot/endpoints.ts'
import type { Config } from './config.ts'
import type { Partner } from './dhcp/partner.ts'
import type { Db } from './inventory/database.ts'
import { InventoryError } from './inventory/errors.ts'
import type { FileStore } from './inventory/files.ts'
import type { Inventory } from './inventory/inventory.ts'
import type { Leases } from './inventory/leases.ts'
import type { Pool } from './inventory/model.ts'
import type { Op, Replicator } from './inventory/oplog.ts'
import type { Ipv4 } from './net/ipv4.ts'
import { Invitation } from './pair/code.ts'
import { FileSync } from './pair/files.ts'
import { askToJoin, type KnownPeer, welcome } from './pair/joining.ts'
import { type Address, fingerprintOf, listen, type Opening } from './pair/link.ts'
import { LoaderSync, type LoaderSyncOptions } from './pair/loaders.ts'
import { becomeSecond, becomeSole, reckonWithLost } from './pair/membership.ts'
import { Pair } from './pair/pair.ts'
import { type FoundFile, sendFile, sendList, Transport } from './pair/transport.ts'
import { type PairFile, readPairFile, writePairFile } from './pair-file.ts'
import { pairView } from './pair-view.ts'
import { startErrorOf } from './start-error.ts'

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
  /** Free addresses of pools that this instance could give, up to so many. */
  readonly spare: (pools: readonly Pool[], most: number) => readonly Ipv4[]
  /** What the other instance wrote was applied. */
  readonly received: (ops: readonly Op[]) => void
  readonly files: FileStore
  readonly loaders: Pick<LoaderSyncOptions, 'names' | 'own' | 'folder'>
  /** How many transfers are under way. */
  readonly busy: () => number
}

/** The pair as the daemon has it: who the other instance is, how it becomes that, and how it ceases to be. */
export class Pairing implements Replicator {
  readonly #options: PairingOptions
  readonly #invitation: Invitation
  readonly #sync: FileSync
  readonly #loaders: LoaderSync
  #file: PairFile
  #pair: Pair | undefined
  #transport: Transport | undefined
  #server: Server | undefined

  private constructor(options: PairingOptions, file: PairFile) {
    this.#options = options
    this.#file = file
    this.#invitation = new Invitation(options.now)
    this.#sync = new FileSync({
      store: options.files,
      inventory: options.inventory,
      fetch: async (sha256) => this.#transport?.fetch({ purpose: 'file', sha256 }),
      tell: (message) => options.log.info(message)
    })
    this.#loaders = new LoaderSync({
      ...options.loaders,
      list: async () => this.#transport?.listLoaders(),
      fetch: async (name) => this.#transport?.fetch({ purpose: 'loader', name }),
      tell: (message) => options.log.info(message)
    })
    if (file.peer) this.#begin(file.peer)
  }

  static async start(options: PairingOptions): Promise<Pairing> {
    const { config, settings, now, log } = options
    const { address, port } = settings.listen
    const pairing = new Pairing(options, await readPairFile(config.state, address, now()))
    try {
      pairing.#server = await listen({
        at: settings.listen,
        identity: pairing.#file.identity,
        peer: () => pairing.#file.peer && fingerprintOf(pairing.#file.peer.cert),
        opened: (opening, socket, cert, isPeer) => pairing.#opened(opening, socket, cert, isPeer),
        tell: (message) => log.warn(message)
      })
    } catch (error) {
      await pairing.close()
      throw startErrorOf(error as Error, `the pair can't listen on ${address}:${port}`)
    }
    return pairing
  }

  /** The loaders that only the other instance has. */
  get loadersElsewhere(): ReadonlySet<string> {
    return this.#loaders.elsewhere
  }

  /** Whether machines may be answered: not while the inventory is being received, nor after this instance left its pair. */
  get isServing(): boolean {
    return !this.#file.left && (this.#pair?.isWhole ?? true)
  }

  get isDraining(): boolean {
    return this.#pair?.draining.until !== undefined
  }

  /** Where machines reach the other instance. */
  reach(): BootReach | undefined {
    return this.#pair?.peer?.reach
  }

  /** What DHCP has to know of the other instance; it is answered anew for each packet. */
  get partner(): Partner {
    const servers = () => this.#pair?.peer?.reach.interfaces.map(({ address }): Ipv4 => address) ?? []
    return {
      get servers() {
        return servers()
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
    const { config, settings, inventory, leases, busy, now } = this.#options
    const own = { instance: config.instance, listen: addressText(settings.listen), serving: this.isServing }
    const { peer, left } = this.#file
    if (!this.#pair || !peer) return { state: left ? 'LEFT' : 'UNPAIRED', ...own, peer: null }
    return {
      ...own,
      ...pairView(this.#pair, peer.instance, inventory, leases, { transfers: busy(), now: now() }),
      files: { missing: this.#sync.missing + this.#loaders.elsewhere.size, receiving: this.#sync.progress ?? null }
    }
  }

  /** Stops new work here; what is under way has so many seconds to end. @throws {InventoryError} where nobody would take over. */
  drain(seconds: number): void {
    allowed(this.#needed().pair.drain(this.#options.now() + seconds * 1000))
  }

  resume(): void {
    this.#needed().pair.draining.end()
  }

  /** @param fenced whether the other instance is known to be off. @throws {InventoryError} when it can't be down. */
  partnerDown(fenced: boolean): void {
    allowed(this.#needed().pair.partnerDown(fenced))
  }

  /** A code for the second instance. @throws {InventoryError} when there is one already. */
  invite(): { code: string; until: number; address: string } {
    const { peer, identity, left } = this.#file
    if (peer) throw new InventoryError('taken', `${peer.instance} is the second instance already: a pair has two`)
    if (left) throw new InventoryError('wrong-state', 'this instance left its pair: invite it from the other one')
    return {
      ...this.#invitation.issue(fingerprintOf(identity.cert)),
      address: addressText(this.#options.settings.listen)
    }
  }

  /**
   * Joins the instance at an address, whose inventory takes the place of this one's.
   * @param discard whether an inventory of its own may be dropped.
   * @throws {InventoryError} with what to do.
   */
  async join(to: Address, code: string, discard: boolean): Promise<void> {
    const { inventory, leases, config, db, version, settings, record } = this.#options
    const { identity, peer, left } = this.#file
    if (peer) throw new InventoryError('taken', `this instance is paired with ${peer.instance} already`)
    if (addressText(to) !== addressText(settings.peer)) {
      const message = `tandem.yaml says that the other instance is at ${addressText(settings.peer)}: say the same there and here`
      throw InventoryError.invalid([{ field: 'address', message }])
    }
    if (!inventory.isEmpty() && !discard && !left) {
      const machines = [...inventory.list('machine')].length
      throw new InventoryError(
        'in-use',
        `this instance has an inventory of its own (${machines} machines): joining replaces it. Say so with --discard, or join with the other instance`
      )
    }
    const known = await askToJoin(to, code, identity, {
      instance: config.instance,
      version,
      addresses: this.#options.interfaces.map(({ address }) => address)
    })
    await becomeSecond({ db, inventory, leases }, config.instance)
    this.#keep(known)
    record(`this instance joined ${known.instance}`)
  }

  /** Ends the pair from here. @param force though the other instance can't be told. @throws {InventoryError} */
  leave(force: boolean): void {
    const { pair, peer } = this.#needed()
    if (!pair.isConnected && !force) {
      throw new InventoryError(
        'unreachable',
        `${peer.instance} can't be told now: try again when it is there, or say --force and run \`tandem pair forget\` there`
      )
    }
    pair.leave()
    this.#end({ identity: this.#file.identity, left: true })
    this.#options.record(`this instance left ${peer.instance}: it serves nobody until it joins again`)
  }

  /** The other instance is gone for good: this one goes on alone. @throws {InventoryError} while it may still serve anybody. */
  async forget(): Promise<void> {
    allowed(this.#needed().pair.objectionToForget())
    await reckonWithLost(this.#options)
    const { pair, peer } = this.#needed()
    allowed(pair.objectionToForget())
    this.#alone(`${peer.instance} is forgotten: this instance goes on alone`)
  }

  async close(): Promise<void> {
    this.#sync.close()
    this.#loaders.close()
    await this.#transport?.close()
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()))
  }

  /** @throws {InventoryError} where there is no other instance. */
  #needed(): { pair: Pair; peer: KnownPeer } {
    const pair = this.#pair
    const { peer } = this.#file
    if (pair && peer) return { pair, peer }
    throw new InventoryError('wrong-state', 'this instance is in no pair')
  }

  #opened(opening: Opening, socket: TLSSocket, cert: string, isPeer: boolean): void {
    if (opening.purpose === 'join') this.#welcome(opening, socket, cert)
    else if (!isPeer || this.#transport === undefined) socket.destroy()
    else if (opening.purpose === 'file') void sendFile(this.#fileOf(opening.sha256), socket)
    else if (opening.purpose === 'loader') void sendFile(this.#loaders.find(opening.name), socket)
    else if (opening.purpose === 'loaders') void sendList(this.#loaders.offer(), socket)
    else this.#transport.connect(socket)
  }

  async #fileOf(sha256: string): Promise<FoundFile | undefined> {
    const { files } = this.#options
    const size = files.size(sha256)
    return size === undefined ? undefined : { path: files.path(sha256), size }
  }

  #welcome(opening: Opening & { purpose: 'join' }, socket: TLSSocket, cert: string): void {
    const { config, version, log, record } = this.#options
    const self = { instance: config.instance, version }
    const from = socket.remoteAddress
    const met = welcome(opening, socket, cert, {
      self,
      present: this.#file.peer,
      invitation: this.#invitation,
      ownerOf: (address) => this.#options.inventory.machineByAddress(address)?.name
    })
    if (typeof met === 'string') {
      log.warn(`${from} asked to join and was refused: ${met}`)
      return
    }
    this.#keep(met)
    record(`${met.instance} joined this instance`)
  }

  #keep(peer: KnownPeer): void {
    this.#file = { identity: this.#file.identity, peer }
    writePairFile(this.#options.config.state, this.#file)
    this.#begin(peer)
  }

  #begin(peer: KnownPeer): void {
    const { config, settings, interfaces, log, record } = this.#options
    const reach = {
      interfaces: interfaces.map(({ name, address, network }) => ({ name, address, network })),
      http: config.ports.http,
      dhcp: config.ports.dhcp,
      beats: settings.listen.port
    }
    const transport = new Transport({
      identity: this.#file.identity,
      peer,
      at: settings.peer,
      reach,
      debug: (message) => log.debug(message),
      warn: (message) => log.warn(message)
    })
    const pair = new Pair({
      ...this.#options,
      slot: peer.slot,
      instance: config.instance,
      peer: peer.instance,
      reach: () => reach,
      random: () => randomBytes(6).toString('hex'),
      terms: { mclt: settings.mclt * 1000, autonomy: settings.autonomy * 1000 },
      sendBeat: (beat, ask) => transport.sendBeat(beat, ask),
      tell: (level, message) => {
        log[level](message)
        record(`${config.instance}: ${message}`)
      },
      received: (ops) => {
        this.#options.received(ops)
        if (ops.some(({ entity }) => entity === 'image')) this.#sync.look()
      },
      changed: (state) => {
        if (state !== 'NORMAL') return
        this.#sync.look()
        this.#loaders.look()
      },
      left: () => this.#alone(`${peer.instance} left: this instance goes on alone`)
    })
    this.#pair = pair
    this.#transport = transport
    transport.start(pair)
  }

  #alone(message: string): void {
    this.#end({ identity: this.#file.identity })
    this.#options.log.info(message)
    this.#options.record(message)
  }

  #end(file: PairFile): void {
    const { config, db, inventory, leases } = this.#options
    void this.#transport?.close()
    this.#transport = undefined
    this.#pair = undefined
    becomeSole({ db, inventory, leases })
    this.#file = file
    writePairFile(config.state, file)
  }
}

/** @throws {InventoryError} `wrong-state`, with the objection. */
function allowed(objection: string | undefined): void {
  if (objection !== undefined) throw new InventoryError('wrong-state', objection)
}

function addressText({ address, port }: Address): string {
  return `${address}:${port}`
}
