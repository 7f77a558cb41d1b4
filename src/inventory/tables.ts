import type { Statements } from './database.ts'
import { DELETED } from './merge.ts'
import { type EntityKind, type Interface, KEY_FIELD } from './model.ts'
import type { Op } from './oplog.ts'

/** @property type `word`: a text that many entities have in common; `json`: SQLite has the JSON's text. */
export type Column = { readonly field: string; readonly column: string; readonly type: 'text' | 'word' | 'json' }

const column = (type: Column['type']) => (field: string) => ({ field, column: snake(field), type })
const text = column('text')
const word = column('word')
const json = column('json')

/**
 * The columns of each entity beside its key, in the order of the model, in which people are shown them; a machine's
 * interfaces are a table of their own.
 */
const COLUMNS: Record<EntityKind, readonly Column[]> = {
  machine: [
    ...['role', 'image'].map(word),
    ...['uuid', 'serial'].map(text),
    ...['disk', 'localBoot', 'loader', 'console'].map(word),
    ...['kernelArguments', 'labels', 'options', 'vars', 'facts', 'trials', 'life'].map(json)
  ],
  role: [...['class', 'kind', 'note', 'image'].map(text), ...['options', 'vars'].map(json)],
  image: [
    ...['family', 'release', 'architecture'].map(text),
    ...['kernel', 'initrd', 'kernelArguments', 'vars'].map(json)
  ],
  subnet: [
    ...['name', 'gateway'].map(text),
    ...['dns', 'ntp'].map(json),
    text('domain'),
    json('pools'),
    ...['lease', 'vlan', 'sharedNetwork'].map(text),
    ...['authoritative', 'options', 'vars'].map(json)
  ],
  class: [...['match', 'options'].map(json), text('note')],
  global: ['options', 'vars'].map(json)
}

export function columnsOf(kind: EntityKind): readonly Column[] {
  return COLUMNS[kind]
}

/** The fields of an entity that are written one by one, in the order of the model. */
export function fieldsOf(kind: EntityKind): string[] {
  const fields = COLUMNS[kind].map(({ field }) => field)
  return kind === 'machine' ? fields.toSpliced(2, 0, 'interfaces') : fields
}

/** Tables whose rows are written whole: the op's value is the row. */
const ROW_TABLES: Record<string, readonly string[]> = {
  attempt: ['id', 'machine', 'generation', 'mac', 'address', 'lease', 'stage', 'message', 'created_at', 'updated_at'],
  token: ['id', 'kind', 'hash', 'name', 'attempt', 'created_at'],
  /** A machine's stand-in: what is told of it lasts minutes, and is kept by whom it concerns (boot/speakers.ts). */
  stand_in: [],
  event: ['time', 'type', 'actor', 'machine', 'mac', 'address', 'attempt', 'message'],
  share: ['id', 'slot']
}

/** Whether an entity's rows are written whole, and so have no fields whose edits are to be told apart. */
export function isRowTable(entity: string): boolean {
  return Object.hasOwn(ROW_TABLES, entity)
}

export function isEntity(entity: string): entity is EntityKind {
  return Object.hasOwn(COLUMNS, entity)
}

/** Whether this version has a place for such a write. */
export function isKnown({ entity, field }: Pick<Op, 'entity' | 'field'>): boolean {
  return isRowTable(entity) || (isEntity(entity) && (field === DELETED || fieldsOf(entity).includes(field)))
}

export function exists(statements: Statements, kind: EntityKind, key: string): boolean {
  return statements.get(`SELECT 1 FROM ${kind} WHERE ${KEY_FIELD[kind]} = ?`).get(key) !== undefined
}

/** Writes a field. An entity comes to be with the first that is written. @param value JSON text. */
export function writeField(statements: Statements, kind: EntityKind, key: string, field: string, value: string): void {
  const keyColumn = KEY_FIELD[kind]
  statements.get(`INSERT INTO ${kind} (${keyColumn}) VALUES (?) ON CONFLICT DO NOTHING`).run(key)
  if (kind === 'machine' && field === 'interfaces') {
    writeInterfaces(statements, key, JSON.parse(value) as Interface[])
    return
  }
  const column = COLUMNS[kind].find((each) => each.field === field)
  if (column === undefined) throw new Error(`no field ${field} in ${kind}`)
  const parsed: unknown = JSON.parse(value)
  const stored = column.type === 'json' && parsed !== null ? value : parsed
  statements.get(`UPDATE ${kind} SET ${column.column} = ? WHERE ${keyColumn} = ?`).run(stored, key)
}

/** A field as its write had it, JSON text. */
export function readField(statements: Statements, kind: EntityKind, key: string, field: string): string {
  if (kind === 'machine' && field === 'interfaces') {
    const rows = statements.get('SELECT mac, ipv4, subnet FROM interface WHERE machine = ? ORDER BY position').all(key)
    return JSON.stringify(rows)
  }
  const column = COLUMNS[kind].find((each) => each.field === field)
  if (column === undefined) throw new Error(`no field ${field} in ${kind}`)
  const stored: unknown = statements
    .get(`SELECT ${column.column} FROM ${kind} WHERE ${KEY_FIELD[kind]} = ?`)
    .pluck()
    .get(key)
  return column.type === 'json' && typeof stored === 'string' ? stored : JSON.stringify(stored ?? null)
}

export function removeEntity(statements: Statements, kind: EntityKind, key: string): void {
  statements.get(`DELETE FROM ${kind} WHERE ${KEY_FIELD[kind]} = ?`).run(key)
}

/** Writes or removes a row that is written whole. An attempt takes its tokens along. */
export function writeRow(statements: Statements, op: Pick<Op, 'entity' | 'key' | 'field' | 'value'>): void {
  const { entity, key, field, value } = op
  const columns = ROW_TABLES[entity]
  if (columns === undefined) throw new Error(`no table ${entity}`)
  if (columns.length === 0) return
  if (field === DELETED) {
    statements.get(`DELETE FROM ${entity} WHERE id = ?`).run(key)
    if (entity === 'attempt') statements.get('DELETE FROM token WHERE attempt = ?').run(key)
    return
  }
  const row = JSON.parse(value) as Record<string, unknown>
  const places = columns.map(() => '?').join(', ')
  statements
    .get(`INSERT OR REPLACE INTO ${entity} (${columns.join(', ')}) VALUES (${places})`)
    .run(...columns.map((column) => row[column] ?? null))
}

function writeInterfaces(statements: Statements, machine: string, interfaces: readonly Interface[]): void {
  statements.get('DELETE FROM interface WHERE machine = ?').run(machine)
  const insert = statements.get('INSERT INTO interface (machine, position, mac, ipv4, subnet) VALUES (?, ?, ?, ?, ?)')
  for (const [position, each] of interfaces.entries()) insert.run(machine, position, each.mac, each.ipv4, each.subnet)
}

function snake(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
