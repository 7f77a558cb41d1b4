import { type Ipv4, overlaps } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { type Chosen, givesUpAddress } from './addresses.ts'
import { changesOf, type Edit, editOf } from './edits.ts'
import { InventoryError } from './errors.ts'
import { mergeTrials } from './loader-trials.ts'
import {
  type ClientClass,
  ENTITY_KINDS,
  type Entities,
  type EntityKind,
  type Global,
  type Image,
  keyOf,
  type Machine,
  type Role,
  type Subnet
} from './model.ts'
import type { Change } from './oplog.ts'
import { type AddressView, settleInterfaces } from './settle.ts'
import { SubnetIndex } from './subnet-index.ts'

/** What a draft starts from and checks against. */
export interface Base extends Pick<AddressView, 'usedBy' | 'leasedAddress' | 'isForHere' | 'chosen'> {
  /** Counts the drafts that were committed. */
  readonly revision: number
  readonly subnets: SubnetIndex
  get<K extends EntityKind>(kind: K, key: string): Entities[K] | undefined
  list<K extends EntityKind>(kind: K): Iterable<Entities[K]>
  machineByMac(mac: Mac): Machine | undefined
  machineByAddress(address: Ipv4): Machine | undefined
}

/**
 * A change of any number of entities, made whole or not at all: each is checked when it is put,
 * against the inventory as it would be. Dropped, it has no effect. It is to be made and committed
 * without waiting in between: another's commit would make its checks worthless, and it stale.
 */
export class Draft implements AddressView {
  readonly #base: Base
  /** That of the inventory that it was checked against. */
  readonly revision: number
  /** What each will be; null where it will be gone. */
  readonly #changed: { [K in EntityKind]: Map<string, Entities[K] | null> } = {
    global: new Map(),
    subnet: new Map(),
    class: new Map(),
    image: new Map(),
    role: new Map(),
    machine: new Map()
  }
  /** As it will be. */
  readonly chosen: Chosen
  #subnets: SubnetIndex | undefined
  readonly #byMac = new Map<string, Machine>()
  readonly #byAddress = new Map<string, Machine>()

  constructor(base: Base) {
    this.#base = base
    this.revision = base.revision
    this.chosen = new Map(base.chosen)
  }

  get<K extends EntityKind>(kind: K, key: string): Entities[K] | undefined {
    const changed = this.#changed[kind].get(key)
    return changed === undefined ? this.#base.get(kind, key) : (changed ?? undefined)
  }

  *list<K extends EntityKind>(kind: K): Iterable<Entities[K]> {
    const changed = this.#changed[kind]
    for (const entity of this.#base.list(kind)) if (!changed.has(keyOf(kind, entity))) yield entity
    for (const entity of changed.values()) if (entity !== null) yield entity
  }

  get subnets(): SubnetIndex {
    if (this.#changed.subnet.size === 0) return this.#base.subnets
    this.#subnets ??= new SubnetIndex(this.list('subnet'))
    return this.#subnets
  }

  /** @throws {InventoryError} when there is none. */
  need<K extends EntityKind>(kind: K, key: string): Entities[K] {
    const entity = this.get(kind, key)
    if (entity === undefined) throw new InventoryError('not-found', `there is no ${kind} ${key}`)
    return entity
  }

  putRole(role: Role): Role {
    this.#checkReference('image', role.image)
    return this.#put('role', role)
  }

  putImage(image: Image): Image {
    return this.#put('image', image)
  }

  putClass(clientClass: ClientClass): ClientClass {
    return this.#put('class', clientClass)
  }

  putGlobal(global: Global): Global {
    return this.#put('global', global)
  }

  putSubnet(subnet: Subnet): Subnet {
    for (const other of this.list('subnet')) {
      if (other.cidr !== subnet.cidr && overlaps(other.cidr, subnet.cidr)) {
        throw new InventoryError('taken', `${subnet.cidr} overlaps the subnet ${other.cidr}`)
      }
    }
    const owner = subnet.gateway && this.machineByAddress(subnet.gateway, '')
    if (owner) throw new InventoryError('taken', `the gateway ${subnet.gateway} belongs to machine ${owner.name}`)
    return this.#put('subnet', subnet)
  }

  /** Gives each interface without an address one at once; takes the place of a discovered machine with one of its MACs. */
  putMachine(machine: Machine): Machine {
    this.#checkReference('role', machine.role)
    this.#checkReference('image', machine.image)
    let { facts, trials } = machine
    for (const { mac } of machine.interfaces) {
      const other = this.#other(this.#byMac.get(mac), this.#base.machineByMac(mac), machine.name)
      if (other === undefined) continue
      if (other.life.goal !== 'discover') throw new InventoryError('taken', `${mac} belongs to machine ${other.name}`)
      facts = { ...other.facts, ...facts }
      trials = mergeTrials(other.trials, trials)
      this.delete('machine', other.name)
    }
    const before = this.#base.get('machine', machine.name)
    const interfaces = settleInterfaces(this, this.subnets, machine, before)
    return this.#put('machine', { ...machine, facts, trials, interfaces })
  }

  /**
   * A machine just discovered, or whose state or facts changed: what it reports is taken as it is, for an address that
   * came into doubt since it was registered is no reason to lose a report.
   */
  putReported(machine: Machine): Machine {
    return this.#put('machine', machine)
  }

  delete(kind: EntityKind, key: string): void {
    this.need(kind, key)
    const user = this.#userOf(kind, key)
    if (user !== undefined) throw new InventoryError('in-use', `${kind} ${key} is used by ${user}: change that first`)
    this.#set(kind, key, null)
  }

  machineByAddress(address: Ipv4, except: string): Machine | undefined {
    return this.#other(this.#byAddress.get(address), this.#base.machineByAddress(address), except)
  }

  usedBy(address: Ipv4, macs: readonly string[]): string | undefined {
    return this.#base.usedBy(address, macs)
  }

  leasedAddress(mac: Mac): Ipv4 | undefined {
    return this.#base.leasedAddress(mac)
  }

  isForHere(address: Ipv4): boolean {
    return this.#base.isForHere(address)
  }

  edits(): Edit[] {
    const edits = ENTITY_KINDS.flatMap((kind) =>
      [...this.#changed[kind]].flatMap(([key, after]) => editOf(kind, key, this.#base.get(kind, key), after) ?? [])
    )
    // Deletions first: what they free may be taken by the others.
    return edits.sort((a, b) => Number(b.action === 'delete') - Number(a.action === 'delete'))
  }

  changes(): Change[] {
    return this.edits().flatMap(changesOf)
  }

  #put<K extends EntityKind>(kind: K, entity: Entities[K]): Entities[K] {
    this.#set(kind, keyOf(kind, entity), entity)
    return entity
  }

  #set<K extends EntityKind>(kind: K, key: string, after: Entities[K] | null): void {
    if (kind === 'machine') {
      if (givesUpAddress(this.get('machine', key), after as Machine | null)) this.chosen.clear()
      this.#reindex(this.#changed.machine.get(key), after as Machine | null)
    }
    if (kind === 'subnet') {
      this.chosen.clear()
      this.#subnets = undefined
    }
    this.#changed[kind].set(key, after)
  }

  #reindex(before: Machine | null | undefined, after: Machine | null): void {
    for (const { mac, ipv4 } of before?.interfaces ?? []) {
      this.#byMac.delete(mac)
      if (ipv4 !== null) this.#byAddress.delete(ipv4)
    }
    if (after === null) return
    for (const { mac, ipv4 } of after.interfaces) {
      this.#byMac.set(mac, after)
      if (ipv4 !== null) this.#byAddress.set(ipv4, after)
    }
  }

  #checkReference(kind: 'role' | 'image', key: string | null): void {
    if (key !== null && this.get(kind, key) === undefined) {
      throw InventoryError.invalid([{ field: kind, message: `there is no ${kind} ${key}` }])
    }
  }

  /** The other machine with an interface: one that the draft changed, or the inventory's as it stands. */
  #other(changed: Machine | undefined, held: Machine | undefined, except: string): Machine | undefined {
    if (changed && changed.name !== except) return changed
    return held && held.name !== except && !this.#changed.machine.has(held.name) ? held : undefined
  }

  #userOf(kind: EntityKind, key: string): string | undefined {
    // A role's `class` is Puppet's: nothing refers to classes of clients.
    if (kind !== 'subnet' && kind !== 'image' && kind !== 'role') return undefined
    for (const userKind of ENTITY_KINDS) {
      for (const entity of this.list(userKind)) {
        if (refersTo(entity, kind, key)) return `${userKind} ${keyOf(userKind, entity)}`
      }
    }
    return undefined
  }
}

function refersTo(entity: object, kind: 'subnet' | 'image' | 'role', key: string): boolean {
  if (kind !== 'subnet') return (entity as { image?: string; role?: string })[kind] === key
  return 'interfaces' in entity && (entity as Machine).interfaces.some(({ subnet }) => subnet === key)
}
