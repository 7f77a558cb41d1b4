import { isDeepStrictEqual } from 'node:util'
import { InventoryError } from '../../src/inventory/errors.ts'
import { machineFrom, roleFrom, subnetFrom } from '../../src/inventory/normalize.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { dump } from '../support/inventory.ts'
import { mac } from '../support/values.ts'
import { Client } from './client.ts'
import { Network, WAYS } from './network.ts'
import { type Faults, Node, TIMING } from './node.ts'
import { CLIENTS, lengthOf, type Name, type Timed } from './schedule.ts'
import { World } from './world.ts'

/** What must never happen, and did. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

const SUBNET = {
  cidr: '10.77.0.0/24',
  pools: [{ from: '10.77.0.100', to: '10.77.0.105' }],
  lease: 3600
}
/** After the last event everything heals; so long, milliseconds, both have to be in step. */
const HEALING = 20 * TIMING.beat

/** Plays a schedule on a pair, and watches. */
export class Simulation {
  readonly world: World
  readonly #network: Network
  readonly #nodes: Record<Name, Node>
  readonly #clients: Client[]
  /** What was acknowledged as being on both, and what the same instance then wrote over it. */
  readonly #replicated: { readonly key: string; readonly value: string; readonly version: string }[] = []
  #violation: Violation | undefined

  constructor(seed: number, faults: Faults = {}) {
    this.world = new World(seed)
    this.#network = new Network(this.world)
    this.#nodes = {
      a: new Node('a', this.world, this.#network, faults),
      b: new Node('b', this.world, this.#network, faults)
    }
    const { a, b } = this.#nodes
    a.peer = b
    b.peer = a
    this.#clients = Array.from({ length: CLIENTS }, (_, index) => {
      return new Client(mac(index), this.world, [a, b], (client) => this.#checkAddress(client))
    })
  }

  /** @throws {Violation} */
  async play(schedule: readonly Timed[]): Promise<void> {
    const { a, b } = this.#nodes
    a.start()
    const draft = a.parts.inventory.draft()
    draft.putSubnet(subnetFrom(SUBNET))
    for (let role = 0; role < 3; role += 1) draft.putRole(roleFrom({ name: `r${role}` }))
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
        if (!this.#nodes[action.node].isRunning) this.#nodes[action.node].start()
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
        this.#clients[action.client]?.boot(action.remembers)
        break
      case 'off':
      case 'release':
        this.#clients[action.client]?.[action.kind]()
        break
      case 'reach': {
        const { unreachable } = this.#clients[action.client] as Client
        if (action.reachable) unreachable.delete(this.#nodes[action.node])
        else unreachable.add(this.#nodes[action.node])
        break
      }
      default:
        this.#write(action)
    }
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

  #write(action: Timed & { kind: 'write' | 'register' | 'remove' }): void {
    const node = this.#nodes[action.node]
    node.does(async ({ inventory, pair }) => {
      if (!pair.isWhole) return
      try {
        const draft = inventory.draft()
        if (action.kind === 'write')
          draft.putRole(roleFrom({ name: `r${action.role}`, note: `${action.node} ${action.value}` }))
        else if (action.kind === 'remove') draft.delete('machine', `m${action.machine}`)
        else {
          const ipv4 = action.address === undefined ? {} : { ipv4: `10.77.0.${100 + action.address}` as Ipv4 }
          draft.putMachine(machineFrom({ name: `m${action.machine}`, interfaces: [{ mac: mac(action.mac), ...ipv4 }] }))
        }
        if (draft.edits().length === 0) return
        const committed = inventory.commit(draft, node.name)
        const { seq } = inventory.log
        const { replicated } = await committed
        const [document] = action.kind === 'write' ? [inventory.log.fields.document('role', `r${action.role}`)] : []
        this.world.tell(`${node.name}: written, ${replicated ? 'on both' : 'here alone'}`)
        if (replicated) this.#checkOnBoth(node, seq)
        const note = document?.note?.find(({ version }) => version.includes(`/${node.name}-`))
        if (replicated && note) this.#replicated.push({ key: `r${'role' in action ? action.role : 0}`, ...note })
      } catch (error) {
        if (!(error instanceof InventoryError)) throw error
      }
    })
  }

  /** What is acknowledged as being on both is on the other's disk, be it that this one burns down now. */
  #checkOnBoth(node: Node, seq: number): void {
    const there = node.peer.db.prepare('SELECT seq FROM seen WHERE origin = ?').pluck().get(node.parts.inventory.origin)
    if (((there as number | undefined) ?? 0) < seq)
      this.#fail(`${node.name} acknowledged a write that ${node.peer.name} doesn't have`)
  }

  /** Everything works again: both must be in step soon, alike, with all that was acknowledged. */
  async #heal(): Promise<void> {
    const { a, b } = this.#nodes
    this.world.tell('everything heals')
    for (const way of WAYS) {
      this.#network.heal('link', way)
      this.#network.heal('network', way)
    }
    for (const node of [a, b]) {
      if (!node.isRunning) node.start()
      if (node.isFrozen) node.thaw()
    }
    for (const client of this.#clients) client.off()
    await this.#until(this.world.time + HEALING)
    const states = [a, b].map((node) => node.parts.pair.state.name)
    if (!states.every((state) => state === 'NORMAL'))
      throw new Violation(`after healing the states are ${states.join(' and ')}`)
    const [one, other] = [inventoryOf(a), inventoryOf(b)]
    for (const table of Object.keys(one)) {
      if (!isDeepStrictEqual(one[table], other[table])) {
        this.world.tell(`a: ${JSON.stringify(one[table])}`)
        this.world.tell(`b: ${JSON.stringify(other[table])}`)
        throw new Violation(`after healing the two differ in ${table}`)
      }
    }
    for (const { key, version, value } of this.#replicated) this.#checkThere(key, version, value)
  }

  /** What was acknowledged is there, or somebody who knew of it wrote something else. */
  #checkThere(key: string, version: string, value: string): void {
    const { inventory } = this.#nodes.a.parts
    const present = inventory.log.fields.document('role', key).note ?? []
    if (present.some((each) => each.version === version)) return
    const bases = [this.#nodes.a, this.#nodes.b].flatMap(({ db }) =>
      db.prepare("SELECT base FROM op WHERE entity = 'role' AND key = ? AND field = 'note'").pluck().all(key)
    ) as string[]
    if (!bases.some((base) => base.split(' ').includes(version)))
      throw new Violation(`the acknowledged write ${value} of ${key} is lost`)
  }
}

/** What both must have alike: leases but for what each says of itself. */
function inventoryOf({ db }: Node): Record<string, unknown> {
  const { role, machine, interface: interfaces, subnet, field_version, document, attempt, token, lease } = dump(db)
  const leases = (lease as Record<string, unknown>[]).map(({ address, mac, state, version }) => ({
    address,
    mac,
    state,
    version
  }))
  const own = (interfaces as Record<string, unknown>[]).map(({ id: _, ...row }) => row)
  return {
    role,
    machine,
    interfaces: own.sort((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1)),
    subnet,
    field_version,
    document: (document as { fields: string }[]).map((row) => ({ ...row, fields: JSON.parse(row.fields) })),
    attempt,
    token,
    leases
  }
}
