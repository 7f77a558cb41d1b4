import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { InventoryError } from '../../inventory/errors.ts'
import type { FileStore } from '../../inventory/files.ts'
import type { Inventory } from '../../inventory/inventory.ts'
import { ENTITY_KINDS, KEY_FIELD } from '../../inventory/model.ts'
import { Validator } from '../../net/validation.ts'
import type { AdminApp } from './app.ts'
import { listQuery, page } from './lists.ts'
import { patched } from './merge-patch.ts'
import { Resource } from './resource.ts'
import { inputOf, withoutReadOnly } from './views.ts'
import { checkShape, PLURALS, SCHEMAS } from './writers.ts'

const KEYED = Type.Object({ key: Type.String() })

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
    for (const kind of ENTITY_KINDS) {
      const resource = new Resource(kind, inventory, files)
      const root = `/${PLURALS[kind]}`
      if (kind === 'global') {
        oneEntity(api, inventory, resource, root)
      } else {
        collection(api, inventory, resource, root)
        oneEntity(api, inventory, resource, `${root}/:key`)
      }
    }
  })
}

/** All entities of a kind, and how they come and go. */
function collection(app: AdminApp, inventory: Inventory, resource: Resource, root: string): void {
  const { kind } = resource
  const tags = [PLURALS[kind]]

  app.get(root, { schema: { tags, querystring: listQuery(kind) } }, (request) =>
    page(kind, [...inventory.list(kind)], request.query as Record<string, string>)
  )

  app.post(root, { schema: { tags, body: SCHEMAS[kind] } }, async (request, reply) => {
    const key = resource.key((request.body as unknown as Record<string, string>)[KEY_FIELD[kind]])
    const before = inventory.get(kind, key)
    const discovered = before && 'life' in before && before.life.goal === 'discover'
    if (before && !discovered) throw new InventoryError('taken', `there is a ${kind} ${key} already`)
    const body = await resource.write(request.actor, reply, request.body)
    reply.status(201).header('location', `/api/v1${root}/${encodeURIComponent(key)}`)
    return body
  })

  app.delete(`${root}/:key`, { schema: { tags, params: KEYED } }, async (request) => {
    const key = resource.key(request.params.key)
    resource.checkVersion(key, request.headers)
    const draft = inventory.draft()
    draft.delete(kind, key)
    return inventory.commit(draft, request.actor)
  })
}

/** @param path names the entity by `:key`, but for the kind of which there is one. */
function oneEntity(app: AdminApp, inventory: Inventory, resource: Resource, path: string): void {
  const { kind } = resource
  const validator = new Validator()
  const schema = { tags: [PLURALS[kind]], ...(kind !== 'global' && { params: KEYED }) }
  const keyOf = ({ params }: { params: unknown }) => resource.key((params as { key?: string }).key)
  const description = 'A merge patch (RFC 7396): null removes a value.'

  app.get(path, { schema }, (request, reply) => resource.read(reply, keyOf(request)))

  app.put(path, { schema: { ...schema, body: resource.keylessSchema } }, async (request, reply) => {
    const key = keyOf(request)
    const body = resource.named(key, request.body)
    checkShape(validator, kind, body)
    resource.checkVersion(key, request.headers)
    if (inventory.get(kind, key) === undefined) reply.status(201)
    return resource.write(request.actor, reply, body)
  })

  app.patch(path, { schema: { ...schema, description, body: Type.Object({}) } }, async (request, reply) => {
    const key = keyOf(request)
    const before = inventory.need(kind, key)
    resource.checkVersion(key, request.headers)
    const after = resource.named(key, patched(inputOf(kind, before), request.body))
    checkShape(validator, kind, after)
    return resource.write(request.actor, reply, after)
  })
}
