import { type Ipv4, isHostAddress, overlaps } from '../net/ipv4.ts'
import { chooseFixedAddress, subnetOf } from './addresses.ts'
import { InventoryError } from './errors.ts'
import type { Facts } from './model.ts'
import {
  ENTITY_KINDS,
  type Entities,
  type EntityKind,
  type Image,
  type Interface,
  KEY_FIELD,
  keyOf,
  type Machine,
  type Role,
  type Subnet
} from './model.ts'
import type { Change } from './oplog.ts'
import { DELETED, fieldsOf } from './tables.ts'

/** What a draft starts from and checks against. */
export interface Base {
  get<K extends EntityKind>(kind: K, key: string): Entities[K] | undefined
  list<K extends EntityKind>(kind: K): Iterable<Entities[K]>
  machineByMac(mac: string): Machine | undefined
  machineByAddress(address: string): Machine | undefined
  /** Who else uses an address, as a phrase for an error message: an instance's own interface, a lease. */
  usedBy(address: Ipv4, macs: readonly string[]): string | undefined
  /** The address a MAC holds a lease on now. */
  leasedAddress(mac: string): Ipv4 | undefined
}

/** One edit of an entity, for the audit, a dry run and the log. */
export type Edit = {
  kind: EntityKind
  key: string
  action: 'create' | 'change' | 'delete'
  fields: { field: string; before: unknown; after: unknown }[]
}

/**
 * A change of any number of entities, made whole or not at all: each is checked when it is put,
 * against the inventory as it would be. Dropped, it has no effect.
 */
export class Draft {
  readonly #base: Base
  readonly #changed = new Map<string, { kind: EntityKind; key: string; after: Entities[EntityKind] | null }>()

  constructor(base: Base) {
    this.#base = base
  }

  get<K extends EntityKind>(kind: K, key: string): Entities[K] | undefined {
    const changed = this.#changed.get(`${kind} ${key}`)
    if (changed !== undefined) return (changed.after as Entities[K] | null) ?? undefined
    return this.#base.get(kind, key)
  }

  *list<K extends EntityKind>(kind: K): Iterable<Entities[K]> {
    for (const entity of this.#base.list(kind)) {
      if (!this.#changed.has(`${kind} ${keyOf(kind, entity)}`)) yield entity
    }
    for (const changed of this.#changed.values()) {
      if (changed.kind === kind && changed.after !== null) yield changed.after as Entities[K]
    }
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

  putSubnet(subnet: Subnet): Subnet {
    for (const other of this.list('subnet')) {
      if (other.cidr !== subnet.cidr && overlaps(other.cidr, subnet.cidr)) {
        throw new InventoryError('taken', `${subnet.cidr} overlaps the subnet ${other.cidr}`)
      }
    }
    return this.#put('subnet', subnet)
  }

  /** Gives each interface without an address one at once; takes the place of a discovered machine with one of its MACs. */
  putMachine(machine: Machine): Machine {
    this.#checkReference('role', machine.role)
    this.#checkReference('image', machine.image)
    let facts: Facts = machine.facts
    for (const { mac } of machine.interfaces) {
      const other = this.#machineByMac(mac, machine.name)
      if (other === undefined) continue
      if (other.life.goal !== 'discover') throw new InventoryError('taken', `${mac} belongs to machine ${other.name}`)
      facts = { ...other.facts, ...facts }
      this.delete('machine', other.name)
    }
    const settled: Interface[] = []
    for (const each of machine.interfaces) settled.push(this.#settleAddress(each, machine, settled))
    return this.#put('machine', { ...machine, facts, interfaces: settled })
  }

  /** A machine that nobody registered: it has no fixed address. */
  putDiscovered(machine: Machine): Machine {
    return this.#put('machine', machine)
  }

  delete(kind: EntityKind, key: string): void {
    this.need(kind, key)
    const user = this.#userOf(kind, key)
    if (user !== undefined) throw new InventoryError('in-use', `${kind} ${key} is used by ${user}: change that first`)
    this.#changed.set(`${kind} ${key}`, { kind, key, after: null })
  }

  edits(): Edit[] {
    const edits: Edit[] = []
    for (const { kind, key, after } of this.#changed.values()) {
      const before = this.#base.get(kind, key)
      if (after === null) {
        if (before) edits.push({ kind, key, action: 'delete', fields: [] })
        continue
      }
      const fields = fieldsOf(kind)
        .map((field) => ({ field, before: fieldValue(before, field), after: fieldValue(after, field) }))
        .filter((each) => !before || JSON.stringify(each.before ?? null) !== JSON.stringify(each.after ?? null))
      if (!before) edits.push({ kind, key, action: 'create', fields })
      else if (fields.length > 0) edits.push({ kind, key, action: 'change', fields })
    }
    // Deletions first: what they free may be taken by the others.
    return edits.sort((a, b) => Number(b.action === 'delete') - Number(a.action === 'delete'))
  }

  changes(): Change[] {
    return this.edits().flatMap(({ kind, key, action, fields }): Change[] =>
      action === 'delete'
        ? [{ entity: kind, key, field: DELETED, value: true }]
        : fields.map(({ field, after }) => ({ entity: kind, key, field, value: after }))
    )
  }

  #put<K extends EntityKind>(kind: K, entity: Entities[K]): Entities[K] {
    const key = keyOf(kind, entity)
    this.#changed.set(`${kind} ${key}`, { kind, key, after: entity })
    return entity
  }

  #checkReference(kind: 'role' | 'image', key: string | null): void {
    if (key !== null && this.get(kind, key) === undefined) {
      throw InventoryError.invalid([{ field: kind, message: `there is no ${kind} ${key}` }])
    }
  }

  #machineByMac(mac: string, except: string): Machine | undefined {
    return this.#other(this.#base.machineByMac(mac), except, (each) => each.mac === mac)
  }

  #machineByAddress(address: string, except: string): Machine | undefined {
    return this.#other(this.#base.machineByAddress(address), except, (each) => each.ipv4 === address)
  }

  /** The machine that has such an interface in the draft: one it changed, or the inventory's as it stands. */
  #other(held: Machine | undefined, except: string, has: (each: Interface) => boolean): Machine | undefined {
    for (const { kind, key, after } of this.#changed.values()) {
      if (kind !== 'machine' || key === except || after === null) continue
      if ((after as Machine).interfaces.some(has)) return after as Machine
    }
    return held && held.name !== except && !this.#changed.has(`machine ${held.name}`) ? held : undefined
  }

  #settleAddress(each: Interface, machine: Machine, settled: readonly Interface[]): Interface {
    const macs = machine.interfaces.map(({ mac }) => mac)
    if (each.ipv4 !== null) {
      const { ipv4 } = each
      const subnet = subnetOf(this.list('subnet'), ipv4)
      if (subnet === undefined) {
        throw InventoryError.invalid([{ field: 'ipv4', message: `${ipv4} is in no subnet: add its subnet first` }])
      }
      if (!isHostAddress(subnet.cidr, ipv4)) {
        throw InventoryError.invalid([{ field: 'ipv4', message: `${ipv4} is not a host's address in ${subnet.cidr}` }])
      }
      const twice = settled.some((other) => other.ipv4 === ipv4)
      const owner = twice ? 'another interface of it' : this.#addressOwner(ipv4, machine.name, macs, subnet)
      if (owner !== undefined) throw new InventoryError('taken', `${ipv4} belongs to ${owner}`)
      return { ...each, subnet: subnet.cidr }
    }
    const subnet = this.#chooseSubnet(each)
    const isTaken = (address: Ipv4) =>
      settled.some((other) => other.ipv4 === address) ||
      this.#addressOwner(address, machine.name, macs, subnet) !== undefined
    const ipv4 = chooseFixedAddress(subnet, isTaken)
    if (ipv4 === undefined) throw new InventoryError('no-address', `${subnet.cidr} has no free address for ${each.mac}`)
    return { ...each, ipv4, subnet: subnet.cidr }
  }

  #addressOwner(address: Ipv4, machine: string, macs: readonly string[], subnet: Subnet): string | undefined {
    if (address === subnet.gateway) return `the gateway of ${subnet.cidr}`
    const other = this.#machineByAddress(address, machine)
    return other ? `machine ${other.name}` : this.#base.usedBy(address, macs)
  }

  #chooseSubnet(each: Interface): Subnet {
    if (each.subnet !== null) {
      const named = this.get('subnet', each.subnet)
      if (named) return named
      throw InventoryError.invalid([{ field: 'subnet', message: `there is no subnet ${each.subnet}` }])
    }
    const subnets = [...this.list('subnet')]
    const leased = this.#base.leasedAddress(each.mac)
    const seen = leased && subnetOf(subnets, leased)
    if (seen) return seen
    const pooled = subnets.filter((subnet) => subnet.pools.length > 0)
    const only = subnets.length === 1 ? subnets[0] : pooled.length === 1 ? pooled[0] : undefined
    if (only) return only
    const message =
      subnets.length === 0
        ? 'there is no subnet to take an address from: add one first'
        : `name a subnet or an address for ${each.mac}; there are ${subnets.map((subnet) => subnet.cidr).join(', ')}`
    throw InventoryError.invalid([{ field: 'subnet', message }])
  }

  #userOf(kind: EntityKind, key: string): string | undefined {
    for (const userKind of ENTITY_KINDS) {
      for (const entity of this.list(userKind)) {
        const name = String(fieldValue(entity, KEY_FIELD[userKind]))
        const refers =
          kind === 'subnet'
            ? userKind === 'machine' && (entity as Machine).interfaces.some((each) => each.subnet === key)
            : (kind === 'role' || kind === 'image') && fieldValue(entity, kind) === key
        if (refers) return `${userKind} ${name}`
      }
    }
    return undefined
  }
}

function fieldValue(entity: object | undefined, field: string): unknown {
  return entity === undefined ? undefined : (entity as Record<string, unknown>)[field]
}
