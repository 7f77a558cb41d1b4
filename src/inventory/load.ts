import type { Cidr, Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Db, Statements } from './database.ts'
import { ENTITY_KINDS, type Entities, type EntityKind, type Interface, KEY_FIELD } from './model.ts'
import { SharedWords } from './shared-words.ts'
import { tableRows } from './table-rows.ts'
import { type Column, columnsOf, fieldsOf, readField } from './tables.ts'

/** Everything that administrators write, as it stands on disk. */
export function loadEntities(db: Db): { [K in EntityKind]: Map<string, Entities[K]> } {
  const maps = Object.fromEntries(ENTITY_KINDS.map((kind) => [kind, loadKind(db, kind)]))
  return maps as ReturnType<typeof loadEntities>
}

/** One entity as it stands on disk; undefined where there is none. */
export function loadEntity<K extends EntityKind>(
  statements: Statements,
  kind: K,
  key: string
): Entities[K] | undefined {
  const keyField = KEY_FIELD[kind]
  if (statements.get(`SELECT 1 FROM ${kind} WHERE ${keyField} = ?`).get(key) === undefined) return undefined
  const fields = fieldsOf(kind).map((field) => [field, JSON.parse(readField(statements, kind, key, field))])
  return Object.fromEntries([[keyField, key], ...fields])
}

function loadKind(db: Db, kind: EntityKind): Map<string, object> {
  const shared = new SharedValues()
  const columns = columnsOf(kind)
  const interfaces = kind === 'machine' ? loadInterfaces(db, shared) : undefined
  const keyField = KEY_FIELD[kind]
  const blank = blankOf([keyField, ...fieldsOf(kind)])
  const entities = new Map<string, object>()
  const names = [keyField, ...columns.map(({ column }) => column)]
  for (const row of tableRows(db, kind, keyField, names)) {
    const key = row[0] as string
    const entity = { ...blank, [keyField]: key }
    for (const [index, { field, type }] of columns.entries()) entity[field] = shared.value(type, row[index + 1])
    if (interfaces) entity.interfaces = interfaces.get(key) ?? []
    entities.set(key, entity)
  }
  return entities
}

/** An entity without values. Its copies hold all fields themselves, which JSON's parser makes room for: a fifth of the memory less. */
function blankOf(fields: readonly string[]): Record<string, unknown> {
  return JSON.parse(JSON.stringify(Object.fromEntries(fields.map((field) => [field, null]))))
}

/** Each machine's in the order of their positions, which leave no gaps. */
function loadInterfaces(db: Db, shared: SharedValues): Map<string, Interface[]> {
  const byMachine = new Map<string, Interface[]>()
  for (const row of tableRows(db, 'interface', 'id', ['id', 'mac', 'machine', 'position', 'ipv4', 'subnet'])) {
    const [, mac, machine, position, ipv4, subnet] = row as [number, Mac, string, number, Ipv4 | null, Cidr | null]
    const own = { mac, ipv4, subnet: shared.value('word', subnet) as Cidr | null }
    const others = byMachine.get(machine)
    if (others) others[position] = own
    else byMachine.set(machine, position === 0 ? [own] : Object.assign([], { [position]: own }))
  }
  return byMachine
}

/**
 * A hundred thousand machines have few roles, subnets and states among them, and most have no labels: what is equal
 * is kept once, and frozen, for it is many's.
 */
class SharedValues {
  readonly #words = new SharedWords()
  readonly #parsed = new Map<string, unknown>()

  value(type: Column['type'], stored: unknown): unknown {
    if (typeof stored !== 'string' || type === 'text') return stored
    return type === 'word' ? this.#words.shared(stored) : this.#json(stored)
  }

  #json(text: string): unknown {
    const known = this.#parsed.get(text)
    if (known !== undefined) return known
    const value: unknown = JSON.parse(text, (_key, part) => Object.freeze(part))
    this.#parsed.set(text, value)
    return value
  }
}
