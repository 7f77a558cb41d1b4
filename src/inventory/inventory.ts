import type { Cidr, Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { AddressShares } from './address-shares.ts'
import { type Chosen, givesUpAddress } from './addresses.ts'
import { Claims } from './claims.ts'
import type { Now } from './clock.ts'
import { disputedFields } from './conflicts.ts'
import { type Db, Statements } from './database.ts'
import { type Base, Draft } from './draft.ts'
import type { Edit } from './edits.ts'
import { InventoryError } from './errors.ts'
import { type EventInput, eventChange } from './events.ts'
import { FreedAddresses } from './freed.ts'
import { type Life, stateOf } from './lifecycle.ts'
import { loadEntities, loadEntity } from './load.ts'
import { DELETED } from './merge.ts'
import { ENTITY_KINDS, type Entities, type EntityKind, type Machine, type Subnet } from './model.ts'
import { type Change, type LogLimits, type Op, OpLog, type Replicator } from './oplog.ts'
import { SubnetIndex } from './subnet-index.ts'
import { isEntity } from './tables.ts'

/** What else may hold an address, beside the machines: leases and the instance's own interfaces. */
export interface AddressUse {
  usedBy(address: Ipv4, macs: readonly string[]): string | undefined
  leasedAddress(mac: Mac): Ipv4 | undefined
  /** Whether an address is of those that this instance may choose for a machine by itself. */
  isForHere(address: Ipv4): boolean
}

/**
 * The inventory: what administrators wrote, in SQLite and, for reading, in memory. Every write is
 * one transaction of the op-log.
 */
export class Inventory implements Base {
  readonly #db: Db
  readonly #statements: Statements
  readonly log: OpLog
  readonly #replicator: Replicator
  readonly #now: Now
  readonly #addressUse: AddressUse
  readonly #entities: ReturnType<typeof loadEntities>
  readonly claims = new Claims()
  readonly #disputes = new Map<string, { kind: EntityKind; key: string; fields: readonly string[] }>()
  readonly freed: FreedAddresses
  readonly shares: AddressShares
  #revision = 0
  #writes = 0
  #subnets: SubnetIndex
  /** Where the next fixed address of each subnet is looked for. */
  chosen: Chosen = new Map()

  constructor(options: {
    db: Db
    instance: string
    now: Now
    replicator: Replicator
    addressUse: AddressUse
    logLimits?: LogLimits
  }) {
    this.#db = options.db
    this.#now = options.now
    this.#replicator = options.replicator
    this.#addressUse = options.addressUse
    this.log = new OpLog(options.db, options.instance, options.now, options.logLimits)
    this.#statements = new Statements(options.db)
    this.freed = new FreedAddresses(options.db)
    this.shares = new AddressShares(options.db)
    this.#entities = loadEntities(options.db)
    for (const machine of this.#entities.machine.values()) this.claims.add(machine)
    this.#findDisputes()
    this.#subnets = new SubnetIndex(this.list('subnet'))
  }

  get origin(): string {
    return this.log.origin
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
    return this.claims.byMac(mac)
  }

  machineByAddress(address: Ipv4): Machine | undefined {
    return this.claims.byAddress(address)
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

  isForHere(address: Ipv4): boolean {
    return !this.freed.has(address) && this.#addressUse.isForHere(address)
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
    const interfacesOf = (machine: string) => this.get('machine', machine)?.interfaces ?? []
    const renewed = edits.filter(({ kind, action }) => kind === 'machine' && action !== 'change')
    return this.#write(
      [...rows, ...renewed.flatMap(({ key }) => this.#attemptsEnded(key)), ...draft.changes(), ...events],
      actor,
      (seq) => {
        if (this.log.peer.acknowledged !== undefined) this.freed.note(edits, interfacesOf, seq)
      },
      () => {
        this.#revision += 1
        for (const { kind, key } of edits) {
          this.#put(kind, key, draft.get(kind, key))
          if (this.#disputes.has(`${kind} ${key}`)) this.#noteDispute(kind, key)
        }
        this.#subnets = draft.subnets
        this.chosen = draft.chosen
      }
    )
  }

  /** Writes rows (attempts, tokens, events) through the op-log. */
  write(changes: readonly Change[], actor = ''): Promise<{ replicated: boolean }> {
    return this.#write(changes, actor)
  }

  /**
   * @param extra writes what belongs to it in this copy alone, in the same transaction.
   * @param applied runs as soon as it is on disk here.
   */
  async #write(
    changes: readonly Change[],
    actor: string,
    extra?: (seq: number) => void,
    applied?: () => void
  ): Promise<{ replicated: boolean }> {
    const ops = this.log.commit(changes, actor, extra)
    this.#writes += 1
    this.shares.note(ops)
    applied?.()
    return { replicated: await this.#replicator.replicate(ops) }
  }

  /** The other instance has this one's ops up to a number. */
  acknowledged(seq: number): void {
    this.log.peer.acknowledge(seq, this.log.origin)
    this.freed.acknowledged(seq)
  }

  /** There is no other instance any more. */
  unpaired(): void {
    this.log.peer.forget()
    this.freed.clear()
  }

  /** Begins anew under another origin: this copy is older than what the other instance had from it, or takes the place of another. */
  renew(instance: string): void {
    this.log.renew(instance)
    this.freed.clear()
  }

  /** Takes over what the other instance wrote: on disk, and to be seen, on return. @throws {GapError} */
  receive(ops: readonly Op[]): void {
    const fresh = this.log.receive(ops)
    this.shares.note(fresh)
    this.refresh(fresh)
  }

  /** The entities with fields that were written on both sides while they were apart, and are to be settled. */
  disputes(): { kind: EntityKind; key: string }[] {
    return [...this.#disputes.values()]
  }

  disputedFields(kind: EntityKind, key: string): readonly string[] {
    return this.#disputes.get(`${kind} ${key}`)?.fields ?? []
  }

  /** Writes the choice between a field's values. */
  settle(change: Change, actor: string, message: string): Promise<{ replicated: boolean }> {
    const machine = change.entity === 'machine' ? change.key : null
    const event = eventChange(this.#now(), { type: 'inventory', actor, machine, message })
    const ended = machine !== null && change.field === DELETED && change.value === true
    const rows = ended ? this.#attemptsEnded(change.key) : []
    return this.#write([...rows, change, event], actor, undefined, () => this.refresh([change]))
  }

  /** A machine takes its attempts along, so that no token of it serves a later one of the same name. */
  #attemptsEnded(machine: string): Change[] {
    const ids = this.#statements.get('SELECT id FROM attempt WHERE machine = ?').pluck().all(machine) as string[]
    return ids.map((key) => ({ entity: 'attempt', key, field: DELETED, value: true }))
  }

  #findDisputes(): void {
    this.#disputes.clear()
    for (const { kind, key, document } of this.log.fields.documents()) this.#noteDispute(kind, key, document)
  }

  #noteDispute(kind: EntityKind, key: string, document = this.log.fields.kept(kind, key)): void {
    const fields = document ? disputedFields(kind, document) : []
    if (fields.length > 0) this.#disputes.set(`${kind} ${key}`, { kind, key, fields })
    else this.#disputes.delete(`${kind} ${key}`)
  }

  /** Reads everything anew: all of it may have been replaced. */
  reload(): void {
    for (const [kind, entities] of Object.entries(loadEntities(this.#db)) as [EntityKind, Map<string, never>][]) {
      for (const key of [...this.#entities[kind].keys()]) if (!entities.has(key)) this.#put(kind, key, undefined)
      for (const [key, entity] of entities) this.#put(kind, key, entity)
    }
    this.#findDisputes()
    this.shares.reload()
    this.#revision += 1
    this.#writes += 1
    this.#subnets = new SubnetIndex(this.list('subnet'))
  }

  /** Reads anew what was written past the drafts. */
  refresh(written: Iterable<{ readonly entity: string; readonly key: string }>): void {
    this.#writes += 1
    const keys = new Map<string, [EntityKind, string]>()
    for (const { entity, key } of written) if (isEntity(entity)) keys.set(`${entity} ${key}`, [entity, key])
    if (keys.size === 0) return
    this.#revision += 1
    for (const [kind, key] of keys.values()) {
      this.#put(kind, key, loadEntity(this.#statements, kind, key))
      this.#noteDispute(kind, key)
    }
    if ([...keys.values()].some(([kind]) => kind === 'subnet')) this.#subnets = new SubnetIndex(this.list('subnet'))
  }

  #put(kind: EntityKind, key: string, after: Entities[EntityKind] | undefined): void {
    const map = this.#entities[kind] as Map<string, Entities[EntityKind]>
    const before = map.get(key)
    if (kind === 'machine' && before) this.claims.remove(before as Machine)
    if (kind === 'subnet' || (kind === 'machine' && givesUpAddress(before as Machine, after as Machine)))
      this.chosen.clear()
    if (after === undefined) map.delete(key)
    else map.set(key, after)
    if (kind === 'machine' && after) this.claims.add(after as Machine)
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
