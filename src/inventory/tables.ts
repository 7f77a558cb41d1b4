import type { Statements } from './database.ts'
import { type EntityKind, type Interface, KEY_FIELD } from './model.ts'
import type { Op } from './oplog.ts'

/** The field of an op that says its entity is gone. */
export const DELETED = 'deleted'

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
  event: ['time', 'type', 'actor', 'machine', 'mac', 'address', 'attempt', 'message']
}

/** Whether an entity's rows are written whole, and so have no fields whose edits are to be told apart. */
export function isRowTable(entity: string): boolean {
  return Object.hasOwn(ROW_TABLES, entity)
}

/** Applies one op to its table. An entity comes to be with the first op that names it. */
export function applyRow(statements: Statements, op: Op): void {
  const row = ROW_TABLES[op.entity]
  if (row !== undefined) applyWholeRow(statements, op, row)
  else applyField(statements, op)
}

function applyField(statements: Statements, op: Op): void {
  const kind = op.entity as EntityKind
  const keyColumn = KEY_FIELD[kind]
  if (op.field === DELETED) {
    statements.get(`DELETE FROM ${kind} WHERE ${keyColumn} = ?`).run(op.key)
    if (kind === 'machine') forgetAttempts(statements, op.key)
    return
  }
  statements.get(`INSERT INTO ${kind} (${keyColumn}) VALUES (?) ON CONFLICT DO NOTHING`).run(op.key)
  if (kind === 'machine' && op.field === 'interfaces') {
    applyInterfaces(statements, op)
    return
  }
  const column = COLUMNS[kind].find((each) => each.field === op.field)
  if (column === undefined) throw new Error(`no field ${op.field} in ${kind}`)
  const value: unknown = JSON.parse(op.value)
  const stored = column.type === 'json' && value !== null ? op.value : value
  statements.get(`UPDATE ${kind} SET ${column.column} = ? WHERE ${keyColumn} = ?`).run(stored, op.key)
}

function applyWholeRow(statements: Statements, op: Op, columns: readonly string[]): void {
  if (op.field === DELETED) {
    statements.get(`DELETE FROM ${op.entity} WHERE id = ?`).run(op.key)
    return
  }
  const row = JSON.parse(op.value) as Record<string, unknown>
  const places = columns.map(() => '?').join(', ')
  statements
    .get(`INSERT OR REPLACE INTO ${op.entity} (${columns.join(', ')}) VALUES (${places})`)
    .run(...columns.map((column) => row[column] ?? null))
}

function applyInterfaces(statements: Statements, op: Op): void {
  statements.get('DELETE FROM interface WHERE machine = ?').run(op.key)
  // Within one transaction a MAC or an address may move from a machine whose own op comes later.
  const release = statements.get('DELETE FROM interface WHERE mac = ? OR ipv4 = ?')
  const insert = statements.get('INSERT INTO interface (mac, machine, position, ipv4, subnet) VALUES (?, ?, ?, ?, ?)')
  for (const [position, each] of (JSON.parse(op.value) as Interface[]).entries()) {
    release.run(each.mac, each.ipv4)
    insert.run(each.mac, op.key, position, each.ipv4, each.subnet)
  }
}

/** A machine that is gone takes its attempts along, so that no token of it serves a later one of the same name. */
function forgetAttempts(statements: Statements, machine: string): void {
  statements.get('DELETE FROM token WHERE attempt IN (SELECT id FROM attempt WHERE machine = ?)').run(machine)
  statements.get('DELETE FROM attempt WHERE machine = ?').run(machine)
}

function snake(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
