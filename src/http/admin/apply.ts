import { type Static, Type } from 'typebox'
import type { Draft } from '../../inventory/draft.ts'
import type { Edit } from '../../inventory/edits.ts'
import { InventoryError } from '../../inventory/errors.ts'
import type { FileStore } from '../../inventory/files.ts'
import type { Inventory } from '../../inventory/inventory.ts'
import { ENTITY_KINDS, type EntityKind, KEY_FIELD, keyOf } from '../../inventory/model.ts'
import { choice, Validator } from '../../net/validation.ts'
import type { AdminApp } from './app.ts'
import { byKey } from './lists.ts'
import { inputOf, withoutReadOnly } from './views.ts'
import { checkShape, PLURALS, putInput, raise } from './writers.ts'

type Given = Record<string, unknown>

const list = Type.Optional(Type.Array(Type.Object({})))
const Document = Type.Object(
  {
    global: Type.Optional(Type.Object({})),
    subnets: list,
    classes: list,
    images: list,
    roles: list,
    machines: list
  },
  { additionalProperties: false, description: 'A part of the inventory, or all of it.' }
)

/**
 * `POST /apply`: makes every entity of a document be as it says, all or none; what the document
 * doesn't name stays. `GET /export`: the inventory as such a document.
 */
export function applyRoutes(app: AdminApp, inventory: Inventory, files: FileStore): void {
  const validator = new Validator()
  const querystring = Type.Object({ dryRun: Type.Optional(choice(['true', 'false'])) }, { additionalProperties: false })

  app.post('/apply', { schema: { tags: ['inventory'], querystring, body: Type.Object({}) } }, async (request) => {
    raise(validator.check(Document, request.body))
    const draft = inventory.draft()
    putAll(draft, files, validator, request.body as Static<typeof Document>)
    const edits = draft.edits()
    const dryRun = request.query.dryRun === 'true'
    const outcome = dryRun || edits.length === 0 ? { replicated: false } : await inventory.commit(draft, request.actor)
    return { dryRun, edits: edits.map(editView), ...outcome }
  })

  app.get('/export', { schema: { tags: ['inventory'] } }, () => {
    const parts = ENTITY_KINDS.map((kind) => {
      const entities = [...inventory.list(kind)]
        .filter((entity) => !('life' in entity) || entity.life.goal !== 'discover')
        .map((entity) => inputOf(kind, entity))
        .sort((a, b) => byKey(kind, a, b))
      return [PLURALS[kind], kind === 'global' ? entities[0] : entities]
    })
    return Object.fromEntries(parts)
  })
}

/** In the order in which they refer to each other; every entity that is wrong is named. */
function putAll(draft: Draft, files: FileStore, validator: Validator, document: Static<typeof Document>): void {
  const errors: { field: string; message: string }[] = []
  for (const kind of ENTITY_KINDS) {
    const named = new Set<string>()
    for (const { place, entity } of partsOf(document, kind)) {
      try {
        checkShape(validator, kind, entity)
        const put = putInput(draft, files, kind, kind === 'image' ? withFiles(draft, entity) : entity)
        const key = keyOf(kind, put)
        if (named.has(key)) throw InventoryError.invalid([{ field: KEY_FIELD[kind], message: `${key} is named twice` }])
        named.add(key)
      } catch (error) {
        if (!(error instanceof InventoryError)) throw error
        const fields = error.fields.length > 0 ? error.fields : [{ field: '', message: error.message }]
        for (const { field, message } of fields) errors.push({ field: field ? `${place}.${field}` : place, message })
      }
    }
  }
  if (errors.length > 0) throw InventoryError.invalid(errors)
}

/** A kind's entities, each with where it stands: `roles[0] (db)`. */
function partsOf(document: Static<typeof Document>, kind: EntityKind): { place: string; entity: Given }[] {
  if (kind === 'global') return document.global ? [{ place: 'global', entity: document.global as Given }] : []
  return (document[PLURALS[kind]] ?? []).map((given, index) => {
    const entity = withoutReadOnly(given) as Given
    const key = entity[KEY_FIELD[kind]]
    return { place: `${PLURALS[kind]}[${index}]${typeof key === 'string' ? ` (${key})` : ''}`, entity }
  })
}

/** An image's files come by import, not by document: one that names none keeps what it has. */
function withFiles(draft: Draft, image: Given): Given {
  const before = draft.get('image', String(image.name))
  return before?.kernel && before.initrd ? { kernel: before.kernel, initrd: before.initrd, ...image } : image
}

function editView({ kind, key, action, fields }: Edit): object {
  return { kind: kind satisfies EntityKind, key, action, fields: fields.filter((each) => each.field !== 'life') }
}
