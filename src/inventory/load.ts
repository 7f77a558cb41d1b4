import type { Db } from './database.ts'
import { ENTITY_KINDS, type Entities, type EntityKind, type Interface, KEY_FIELD } from './model.ts'
import { type Column, columnsOf, fieldsOf } from './tables.ts'

type Row = readonly unknown[]

/** Everything that administrators write, as it stands on disk. */
export function loadEntities(db: Db): { [K in EntityKind]: Map<string, Entities[K]> } {
  const maps = Object.fromEntries(ENTITY_KINDS.map((kind) => [kind, loadKind(db, kind)]))
  return maps as ReturnType<typeof loadEntities>
}

function loadKind(db: Db, kind: EntityKind): Map<string, object> {
  const shared = new SharedValues()
  const columns = columnsOf(kind)
  const interfaces = kind === 'machine' ? loadInterfaces(db, shared) : undefined
  const keyField = KEY_FIELD[kind]
  const names = [keyField, ...columns.map(({ column }) => column)].join(', ')
  const blank = Object.fromEntries([keyField, ...fieldsOf(kind)].map((field) => [field, null as unknown]))
  const entities = new Map<string, object>()
  for (const row of rowsOf(db, `SELECT ${names} FROM ${kind} ORDER BY ${keyField}`)) {
    const key = row[0] as string
    const entity = { ...blank, [keyField]: key }
    columns.forEach(({ field, type }, index) => {
      entity[field] = shared.value(type, row[index + 1])
    })
    if (interfaces) entity.interfaces = interfaces.get(key) ?? []
    entities.set(key, entity)
  }
  return entities
}

function loadInterfaces(db: Db, shared: SharedValues): Map<string, Interface[]> {
  const byMachine = new Map<string, Interface[]>()
  for (const row of rowsOf(db, 'SELECT machine, mac, ipv4, subnet FROM interface ORDER BY machine, position')) {
    const machine = row[0] as string
    const own = { mac: row[1], ipv4: row[2], subnet: shared.value('word', row[3]) } as Interface
    const others = byMachine.get(machine)
    if (others) others.push(own)
    else byMachine.set(machine, [own])
  }
  return byMachine
}

/** As arrays, one at a time: a hundred thousand at once take memory that the process never gives back. */
function rowsOf(db: Db, sql: string): Iterable<Row> {
  return db.prepare(sql).raw().iterate() as Iterable<Row>
}

/**
 * A hundred thousand machines have few roles, subnets and states among them, and most have no labels: what is equal
 * is kept once, and frozen, for it is many's.
 */
class SharedValues {
  readonly #words = new Map<string, string>()
  readonly #parsed = new Map<string, unknown>()

  value(type: Column['type'], stored: unknown): unknown {
    if (typeof stored !== 'string' || type === 'text') return stored
    return type === 'word' ? this.#word(stored) : this.#json(stored)
  }

  #word(text: string): string {
    const known = this.#words.get(text)
    if (known !== undefined) return known
    this.#words.set(text, text)
    return text
  }

  #json(text: string): unknown {
    const known = this.#parsed.get(text)
    if (known !== undefined) return known
    const value: unknown = JSON.parse(text, (_key, part) => Object.freeze(part))
    this.#parsed.set(text, value)
    return value
  }
}
