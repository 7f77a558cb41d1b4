import { type Cidr, type Ipv4, ipv4ToNumber } from '../net/ipv4.ts'
import { type Mac, macToNumber } from '../net/mac.ts'
import type { Now } from './clock.ts'
import type { Db } from './database.ts'
import { type Base, Draft } from './draft.ts'
import type { Edit } from './edits.ts'
import { InventoryError } from './errors.ts'
import { type EventInput, eventChange } from './events.ts'
import { type Life, stateOf } from './lifecycle.ts'
import { loadEntities } from './load.ts'
import { ENTITY_KINDS, type Entities, type EntityKind, type Machine, type Subnet } from './model.ts'
import { NumberMap } from './number-map.ts'
import { type Change, OpLog, type Replicator } from './oplog.ts'
import { SubnetIndex } from './subnet-index.ts'

/** What else may hold an address, beside the machines: leases and the instance's own interfaces. */
export interface AddressUse {
  usedBy(address: Ipv4, macs: readonly string[]): string | undefined
  leasedAddress(mac: Mac): Ipv4 | undefined
}

/**
 * The inventory: what administrators wrote, in SQLite and, for reading, in memory. Every write is
 * one transaction of the op-log.
 */
export class Inventory implements Base {
  readonly #db: Db
  readonly #log: OpLog
  readonly #replicator: Replicator
  readonly #now: Now
  readonly #addressUse: AddressUse
  readonly #entities: ReturnType<typeof loadEntities>
  readonly #byMac = new NumberMap<Machine>()
  readonly #byAddress = new NumberMap<Machine>()
  #revision = 0
  #writes = 0
  #subnets: SubnetIndex

  constructor(options: {
    db: Db
    instance: string
    now: Now
    replicator: Replicator
    addressUse: AddressUse
  }) {
    this.#db = options.db
    this.#now = options.now
    this.#replicator = options.replicator
    this.#addressUse = options.addressUse
    this.#log = new OpLog(options.db, options.instance, options.now)
    this.#entities = loadEntities(options.db)
    for (const machine of this.#entities.machine.values()) this.#index(machine)
    this.#subnets = new SubnetIndex(this.list('subnet'))
  }

  get origin(): string {
    return this.#log.origin
  }

  get revision(): number {
    return this.#revision
  }

  /** Rises with each write of whatever row: what was read from the tables before may have changed. */
  get writes(): number {
    return this.#writes
  }

  get<K extends EntityKind>(kind: K, key: string): Entities[K] | undefined {
    return this.#entities[kind].get(key)
  }

  /** @throws {InventoryError} when there is none. */
  need<K extends EntityKind>(kind: K, key: string): Entities[K] {
    const entity = this.get(kind, key)
    if (entity === undefined) throw new InventoryError('not-found', `there is no ${kind} ${key}`)
    return entity
  }

  list<K extends EntityKind>(kind: K): Iterable<Entities[K]> {
    return this.#entities[kind].values()
  }

  isEmpty(): boolean {
    return ENTITY_KINDS.every((kind) => kind === 'global' || this.#entities[kind].size === 0)
  }

  machineByMac(mac: Mac): Machine | undefined {
    return this.#byMac.get(macToNumber(mac))
  }

  machineByAddress(address: Ipv4): Machine | undefined {
    return this.#byAddress.get(ipv4ToNumber(address))
  }

  get subnets(): SubnetIndex {
    return this.#subnets
  }

  subnetOf(address: Ipv4): Subnet | undefined {
    return this.#subnets.of(address)
  }

  /** The subnets on one link with a subnet, that one first. */
  subnetsOfLink(subnet: Subnet): readonly [Subnet, ...Subnet[]] {
    return this.#subnets.linkOf(subnet)
  }

  /** Whether a subnet names the address as its gateway, DNS or NTP server. */
  isServiceAddress(address: Ipv4): boolean {
    return this.#subnets.isService(address)
  }

  usedBy(address: Ipv4, macs: readonly string[]): string | undefined {
    return this.#addressUse.usedBy(address, macs)
  }

  leasedAddress(mac: Mac): Ipv4 | undefined {
    return this.#addressUse.leasedAddress(mac)
  }

  /** The fixed address of a MAC in a subnet. */
  fixedAddress(mac: Mac, subnet: Cidr): Ipv4 | undefined {
    const own = this.machineByMac(mac)?.interfaces.find((each) => each.mac === mac)
    return own?.subnet === subnet ? (own.ipv4 ?? undefined) : undefined
  }

  /** The version of an entity, as an entity tag's content; it changes with every write of a field. */
  version(kind: EntityKind, key: string): string {
    const row = this.#db
      .prepare('SELECT max(version) AS version FROM field_version WHERE entity = ? AND key = ?')
      .get(kind, key) as { version: string | null }
    return row.version ?? ''
  }

  draft(): Draft {
    return new Draft(this)
  }

  /**
   * Makes a draft durable, with an event for each edit, and with further rows that belong to it: all or nothing.
   * @param actor who changed it: an API token's name, a machine.
   * @throws {InventoryError} `stale` when another draft was committed since this one was begun.
   */
  async commit(draft: Draft, actor: string, rows: readonly Change[] = []): Promise<{ replicated: boolean }> {
    if (draft.revision !== this.#revision) {
      throw new InventoryError('stale', 'the inventory was changed while this change was made: try again')
    }
    const edits = draft.edits()
    const events = edits.map((edit) => eventChange(this.#now(), auditOf(edit, actor)))
    return this.write([...rows, ...draft.changes(), ...events], () => {
      this.#revision += 1
      for (const edit of edits) this.#update(draft, edit)
      this.#subnets = draft.subnets
    })
  }

  /** Writes rows (attempts, tokens, events) through the op-log. @param applied runs as soon as they are on disk here. */
  async write(changes: readonly Change[], applied?: () => void): Promise<{ replicated: boolean }> {
    const ops = this.#log.commit(changes)
    this.#writes += 1
    applied?.()
    return { replicated: await this.#replicator.replicate(ops) }
  }

  #update(draft: Draft, { kind, key }: Edit): void {
    const map = this.#entities[kind] as Map<string, Entities[EntityKind]>
    const before = map.get(key)
    const after = draft.get(kind, key)
    if (kind === 'machine' && before) this.#unindex(before as Machine)
    if (after === undefined) map.delete(key)
    else map.set(key, after)
    if (kind === 'machine' && after) this.#index(after as Machine)
  }

  #index(machine: Machine): void {
    for (const { mac, ipv4 } of machine.interfaces) {
      this.#byMac.set(macToNumber(mac), machine)
      if (ipv4 !== null) this.#byAddress.set(ipv4ToNumber(ipv4), machine)
    }
  }

  #unindex(machine: Machine): void {
    for (const { mac, ipv4 } of machine.interfaces) {
      if (this.machineByMac(mac)?.name === machine.name) this.#byMac.delete(macToNumber(mac))
      if (ipv4 !== null && this.machineByAddress(ipv4)?.name === machine.name)
        this.#byAddress.delete(ipv4ToNumber(ipv4))
    }
  }
}

function auditOf(edit: Edit, actor: string): EventInput {
  const done = { create: 'created', change: 'changed', delete: 'deleted' }[edit.action]
  const fields = edit.fields.filter((each) => each.field !== 'life').map((each) => each.field)
  const life = edit.action === 'change' ? edit.fields.find((each) => each.field === 'life') : undefined
  const parts = [
    ...(life ? [`is ${stateOf(life.after as Life)}, was ${stateOf(life.before as Life)}`] : []),
    ...(life && fields.length === 0 ? [] : [edit.action === 'change' ? `${done}: ${fields.join(', ')}` : done])
  ]
  return {
    type: 'inventory',
    actor,
    machine: edit.kind === 'machine' ? edit.key : null,
    message: `${edit.kind} ${edit.key} ${parts.join('; ')}`
  }
}
