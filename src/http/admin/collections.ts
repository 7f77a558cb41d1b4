import type { IncomingHttpHeaders } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type TSchema, Type } from 'typebox'
import { InventoryError } from '../../inventory/errors.ts'
import type { FileStore } from '../../inventory/files.ts'
import type { Inventory } from '../../inventory/inventory.ts'
import { type EntityKind, KEY_FIELD, keyOf } from '../../inventory/model.ts'
import { subnetKey } from '../../inventory/normalize.ts'
import { Validator } from '../../net/validation.ts'
import type { AdminApp } from './app.ts'
import { listQuery, page } from './lists.ts'
import { inputOf, viewOf, withoutReadOnly } from './views.ts'
import { checkShape, pluralOf, putInput, SCHEMAS } from './writers.ts'

/** Create, read, replace, change, delete and list: the same for every kind of entity. */
export function collectionRoutes(app: AdminApp, inventory: Inventory, files: FileStore): void {
  app.register(async (scope) => {
    const api: AdminApp = scope.withTypeProvider<TypeBoxTypeProvider>()
    api.addContentTypeParser(
      'application/merge-patch+json',
      { parseAs: 'string' },
      api.getDefaultJsonParser('error', 'error')
    )
    api.addHook('preValidation', async (request) => {
      request.body = withoutReadOnly(request.body)
    })
    for (const kind of ['machine', 'role', 'image', 'subnet'] as const) collection(api, inventory, files, kind)
  })
}

type Reply = { header(name: string, value: string): unknown }

function collection(app: AdminApp, inventory: Inventory, files: FileStore, kind: EntityKind): void {
  const validator = new Validator()
  const root = `/${pluralOf(kind)}`
  const one = `${root}/:key`
  const tags = [root.slice(1)]
  const params = Type.Object({ key: Type.String() })
  const description = 'A merge patch (RFC 7396): null removes a value.'

  const send = (reply: Reply, key: string, extra: object = {}) => {
    reply.header('etag', `"${inventory.version(kind, key)}"`)
    return { ...viewOf(kind, inventory.need(kind, key)), ...extra }
  }

  /** Writes an entity and answers with what it became. */
  const write = async (actor: string, reply: Reply, input: unknown) => {
    const draft = inventory.draft()
    const entity = putInput(draft, files, kind, input)
    const key = keyOf(kind, entity)
    return send(reply, key, await inventory.commit(draft, actor))
  }

  app.get(root, { schema: { tags, querystring: listQuery(kind) } }, (request) =>
    page(kind, [...inventory.list(kind)], request.query as Record<string, string>)
  )

  app.post(root, { schema: { tags, body: SCHEMAS[kind] } }, async (request, reply) => {
    const key = canonicalKey(kind, (request.body as unknown as Record<string, string>)[KEY_FIELD[kind]] ?? '')
    const before = inventory.get(kind, key)
    const discovered = before && 'life' in before && before.life.goal === 'discover'
    if (before && !discovered) throw new InventoryError('taken', `there is a ${kind} ${key} already`)
    const body = await write(request.actor, reply, request.body)
    reply.status(201).header('location', `/api/v1${root}/${encodeURIComponent(key)}`)
    return body
  })

  app.get(one, { schema: { tags, params } }, (request, reply) => {
    const key = canonicalKey(kind, request.params.key)
    inventory.need(kind, key)
    return send(reply, key)
  })

  app.put(one, { schema: { tags, params, body: keyless(kind) } }, async (request, reply) => {
    const key = canonicalKey(kind, request.params.key)
    const body = named(kind, key, request.body)
    checkShape(validator, kind, body)
    checkVersion(inventory, kind, key, request.headers)
    if (inventory.get(kind, key) === undefined) reply.status(201)
    return write(request.actor, reply, body)
  })

  app.patch(one, { schema: { tags, params, description, body: Type.Object({}) } }, async (request, reply) => {
    const key = canonicalKey(kind, request.params.key)
    const before = inventory.need(kind, key)
    checkVersion(inventory, kind, key, request.headers)
    const body = mergePatch(inputOf(kind, before), request.body)
    const after = named(kind, key, body)
    checkShape(validator, kind, after)
    return write(request.actor, reply, after)
  })

  app.delete(one, { schema: { tags, params } }, async (request) => {
    const key = canonicalKey(kind, request.params.key)
    checkVersion(inventory, kind, key, request.headers)
    const draft = inventory.draft()
    draft.delete(kind, key)
    return inventory.commit(draft, request.actor)
  })
}

/** The schema of a body whose name the URL gives. */
function keyless(kind: EntityKind): TSchema {
  const schema = SCHEMAS[kind]
  return { ...schema, required: schema.required.filter((field) => field !== KEY_FIELD[kind]) }
}

function canonicalKey(kind: EntityKind, key: string): string {
  return kind === 'subnet' ? subnetKey(key) : key
}

/** The body with the name that the URL gives it. */
function named(kind: EntityKind, key: string, body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const field = KEY_FIELD[kind]
  const given = (body as Record<string, unknown>)[field]
  if (given !== undefined && given !== key) {
    throw InventoryError.invalid([
      { field, message: `"${given}" is not "${key}", which the URL names; there is no renaming` }
    ])
  }
  return { ...body, [field]: key }
}

/** If-Match (RFC 9110, 13.1.1): the write is refused when somebody else's came between. */
function checkVersion(inventory: Inventory, kind: EntityKind, key: string, headers: IncomingHttpHeaders): void {
  const expected = headers['if-match']
  if (expected === undefined) return
  const exists = inventory.get(kind, key) !== undefined
  const current = `"${inventory.version(kind, key)}"`
  const tags = expected.split(',').map((tag) => tag.trim())
  if (!exists || !(tags.includes('*') || tags.includes(current))) {
    throw new InventoryError('stale', `${kind} ${key} was changed since it was read: read it again`)
  }
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = mergePatch(result[name], value)
  }
  return result
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
