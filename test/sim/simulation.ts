import { imageFrom, roleFrom, subnetFrom } from '../../src/inventory/normalize.ts'
import { mac } from '../support/values.ts'
import { difference } from './alike.ts'
import { Client } from './client.ts'
import { Host } from './host.ts'
import { Installs } from './installs.ts'
import { Interruption } from './interruption.ts'
import { Network, WAYS } from './network.ts'
import { type Faults, FILE_SIZE, Node, TIMING } from './node.ts'
import { withRandomBytes } from './random-bytes.ts'
import { Replacement } from './replacement.ts'
import { CLIENTS, HOSTS, HOUR, lengthOf, type Name, type Timed } from './schedule.ts'
import { World } from './world.ts'
import { putHost, Writes } from './writes.ts'

/** What must never happen, and did. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

const SUBNET = {
  cidr: '10.77.0.0/24',
  pools: [{ from: '10.77.0.100', to: '10.77.0.105' }],
  lease: 3600
}
const FILE = { sha256: '0'.repeat(64), size: FILE_SIZE }
const IMAGE = {
  ...imageFrom({ name: 'debian', family: 'debian', release: 'bookworm', architecture: 'amd64' }),
  kernel: { name: 'linux', ...FILE },
  initrd: { name: 'initrd.gz', ...FILE }
}
/** After the last event everything heals; so long, milliseconds, both have to be in step. */
const HEALING = 20 * TIMING.beat
/** Until an instance is forgotten whose disk broke, milliseconds: a lease's length, autonomy, clocks that are apart. */
const LONGEST_REPLACEMENT = 9 * HOUR

/** Plays a schedule on a pair, and watches. */
export class Simulation {
  readonly world: World
  readonly #network: Network
  readonly #nodes: Record<Name, Node>
  readonly #clients: Client[]
  readonly #hosts: Host[]
  readonly #installs: Installs
  readonly #writes: Writes
  readonly #interruption: Interruption
  readonly #replacement: Replacement
  #violation: Violation | undefined

  constructor(seed: number, faults: Faults = {}) {
    this.world = new World(seed)
    const { world } = this
    this.#network = new Network(world)
    this.#nodes = {
      a: new Node('a', world, this.#network, faults),
      b: new Node('b', world, this.#network, faults)
    }
    const { a, b } = this.#nodes
    a.peer = b
    b.peer = a
    const nodes = [a, b]
    const fail = (what: string) => this.#fail(what)
    this.#installs = new Installs(fail)
    this.#writes = new Writes(world, this.#installs, fail)
    this.#interruption = new Interruption(world, this.#network)
    this.#replacement = new Replacement(world)
    this.#clients = Array.from({ length: CLIENTS }, (_, index) => {
      const firmware = index < CLIENTS - HOSTS ? 'os' : 'ipxe'
      return new Client(mac(index), world, nodes, (client) => this.#leased(client), firmware)
    })
    const guarded = faults.unguarded !== true
    this.#hosts = this.#clients
      .slice(CLIENTS - HOSTS)
      .map((client) => new Host({ client, world, nodes, installs: this.#installs, guarded }))
  }

  /** @throws {Violation} */
  play(schedule: readonly Timed[]): Promise<void> {
    return withRandomBytes(this.world.random('bytes'), () => this.#play(schedule))
  }

  async #play(schedule: readonly Timed[]): Promise<void> {
    const { a, b } = this.#nodes
    a.start()
    const draft = a.parts.inventory.draft()
    draft.putSubnet(subnetFrom(SUBNET))
    draft.putImage(IMAGE)
    for (let role = 0; role < 3; role += 1) draft.putRole(roleFrom({ name: `r${role}` }))
    for (let host = 0; host < HOSTS; host += 1) putHost(draft, host)
    await a.parts.inventory.commit(draft, 'setup')
    b.start()
    await this.world.run(6 * TIMING.beat)
    const begin = this.world.time
    for (const action of schedule) this.world.after(action.at, () => this.#act(action))
    await this.#until(begin + lengthOf(schedule))
    await this.#heal()
  }

  close(): void {
    for (const { db } of Object.values(this.#nodes)) db.close()
  }

  async #until(end: number): Promise<void> {
    await this.world.run(end)
    if (this.#violation) throw this.#violation
  }

  #fail(what: string): void {
    this.world.tell(`VIOLATION: ${what}`)
    this.#violation ??= new Violation(what)
  }

  #leased(client: Client): void {
    this.#checkAddress(client)
    const { lease } = client
    if (lease) this.#hosts.find((host) => host.client === client)?.leased(lease.server)
  }

  #checkAddress(client: Client): void {
    const { address } = client
    const other = this.#clients.find((each) => each !== client && address !== undefined && each.address === address)
    if (other) this.#fail(`${address} is held by ${client.name} and ${other.name}`)
  }

  #act(action: Timed): void {
    if (this.#violation) return
    const { at: _, ...shown } = action
    this.world.tell(JSON.stringify(shown))
    switch (action.kind) {
      case 'kill':
        this.#nodes[action.node].kill()
        break
      case 'start':
        if (!this.#nodes[action.node].isRunning && !this.#nodes[action.node].isLost) this.#nodes[action.node].start()
        break
      case 'freeze':
        this.#nodes[action.node].freeze()
        break
      case 'thaw':
        this.#nodes[action.node].thaw()
        break
      case 'cut':
      case 'heal':
        for (const way of action.way === 'both' ? WAYS : [action.way]) this.#network[action.kind](action.path, way)
        break
      case 'partner-down':
        this.#partnerDown(this.#nodes[action.node], action.fenced)
        break
      case 'clock':
        this.#nodes[action.node].skew = action.by
        break
      case 'boot':
        this.#powered(action.client)?.boot(action.remembers)
        break
      case 'off':
        this.#powered(action.client)?.off()
        break
      case 'release':
        this.#clients[action.client]?.release()
        break
      case 'replace':
        this.#replacement.begin(this.#nodes[action.node])
        break
      case 'interrupt':
        this.#interruption.plan(action)
        break
      case 'reach': {
        const { unreachable } = this.#clients[action.client] as Client
        if (action.reachable) unreachable.delete(this.#nodes[action.node])
        else unreachable.add(this.#nodes[action.node])
        break
      }
      default:
        this.#writes.make(this.#nodes[action.node], action)
    }
  }

  #powered(client: number): Client | Host | undefined {
    return this.#hosts[client - (CLIENTS - HOSTS)] ?? this.#clients[client]
  }

  /** Nobody says of an instance that it is down whom they have made sole, nor that it is off when it isn't. */
  #partnerDown(node: Node, fenced: boolean): void {
    const { peer } = node
    if (!node.isRunning || (fenced && peer.isRunning)) return
    if (peer.isRunning && peer.parts.pair.state.name === 'PARTNER_DOWN') return
    node.does(({ pair }) => {
      const refused = pair.partnerDown(fenced)
      if (refused) this.world.tell(`${node.name}: refused: ${refused}`)
    })
  }

  /** Everything works again: both must be in step soon, alike, with all that was acknowledged. */
  async #heal(): Promise<void> {
    const { a, b } = this.#nodes
    const nodes = [a, b]
    this.world.tell('everything heals')
    this.#repair()
    for (let client = 0; client < CLIENTS; client += 1) this.#powered(client)?.off()
    const end = this.world.time + LONGEST_REPLACEMENT
    while (nodes.some(({ isLost }) => isLost) && this.world.time < end) await this.#until(this.world.time + HEALING)
    await this.#until(this.world.time + HEALING)
    if (this.#interruption.hasStruck) {
      this.#repair()
      await this.#until(this.world.time + HEALING)
    }
    const states = nodes.map((node) => (node.isRunning ? node.parts.pair.state.name : 'not running'))
    if (!states.every((state) => state === 'NORMAL'))
      throw new Violation(`after healing the states are ${states.join(' and ')}`)
    const found = difference(a, b)
    if (found) {
      this.world.tell(`a: ${JSON.stringify(found.one)}`)
      this.world.tell(`b: ${JSON.stringify(found.other)}`)
      throw new Violation(`after healing the two differ in ${found.what}`)
    }
    this.#writes.check(nodes)
    this.#installs.check(nodes)
    if (this.#violation) throw this.#violation
  }

  #repair(): void {
    for (const way of WAYS) {
      this.#network.heal('link', way)
      this.#network.heal('network', way)
    }
    for (const node of Object.values(this.#nodes)) {
      if (!node.isRunning && !node.isLost) node.start()
      if (node.isFrozen) node.thaw()
    }
  }
}
