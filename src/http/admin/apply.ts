import { type Static, Type } from 'typebox'
import type { Draft, Edit } from '../../inventory/draft.ts'
import { InventoryError } from '../../inventory/errors.ts'
import type { FileStore } from '../../inventory/files.ts'
import type { Inventory } from '../../inventory/inventory.ts'
import { ENTITY_KINDS, type EntityKind, KEY_FIELD, keyOf } from '../../inventory/model.ts'
import { choice, Validator } from '../../net/validation.ts'
import type { AdminApp } from './app.ts'
import { byKey } from './lists.ts'
import { inputOf, withoutReadOnly } from './views.ts'
import { checkShape, pluralOf, putInput, raise } from './writers.ts'

const list = Type.Optional(Type.Array(Type.Object({})))
const Document = Type.Object(
  { subnets: list, images: list, roles: list, machines: list },
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

  app.get('/export', { schema: { tags: ['inventory'] } }, () =>
    Object.fromEntries(
      ENTITY_KINDS.map((kind) => [
        pluralOf(kind),
        [...inventory.list(kind)]
          .filter((entity) => !('life' in entity) || entity.life.goal !== 'discover')
          .map((entity) => inputOf(kind, entity))
          .sort((a, b) => byKey(kind, a, b))
      ])
    )
  )
}

/** In the order in which they refer to each other; every entity that is wrong is named. */
function putAll(draft: Draft, files: FileStore, validator: Validator, document: Static<typeof Document>): void {
  const errors: { field: string; message: string }[] = []
  for (const kind of ENTITY_KINDS) {
    const named = new Set<string>()
    for (const [index, given] of (document[`${kind}s`] ?? []).entries()) {
      const entity = withoutReadOnly(given) as Record<string, unknown>
      try {
        checkShape(validator, kind, entity)
        const put = putInput(draft, files, kind, kind === 'image' ? withFiles(draft, entity) : entity)
        const key = keyOf(kind, put)
        if (named.has(key)) throw InventoryError.invalid([{ field: KEY_FIELD[kind], message: `${key} is named twice` }])
        named.add(key)
      } catch (error) {
        if (!(error instanceof InventoryError)) throw error
        const place = `${kind}s[${index}]${typeof entity[KEY_FIELD[kind]] === 'string' ? ` (${entity[KEY_FIELD[kind]]})` : ''}`
        const fields = error.fields.length > 0 ? error.fields : [{ field: '', message: error.message }]
        for (const { field, message } of fields) errors.push({ field: field ? `${place}.${field}` : place, message })
      }
    }
  }
  if (errors.length > 0) throw InventoryError.invalid(errors)
}

/** An image's files come by import, not by document: one that names none keeps what it has. */
function withFiles(draft: Draft, image: Record<string, unknown>): Record<string, unknown> {
  const before = draft.get('image', String(image.name))
  return before?.kernel && before.initrd ? { kernel: before.kernel, initrd: before.initrd, ...image } : image
}

function editView({ kind, key, action, fields }: Edit): object {
  return { kind: kind satisfies EntityKind, key, action, fields: fields.filter((each) => each.field !== 'life') }
}
