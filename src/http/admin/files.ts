import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FileStore } from '../../inventory/files.ts'
import type { AdminApp } from './app.ts'

/** `PUT /files/{sha256}`: takes in a kernel or an initrd, which an image then names. */
export function fileRoutes(app: AdminApp, files: FileStore): void {
  app.register(async (plain) => {
    const scope: AdminApp = plain.withTypeProvider<TypeBoxTypeProvider>()
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    const params = Type.Object({ sha256: Type.String() })
    const description = 'The file as application/octet-stream; refused unless its SHA-256 is the one named.'
    scope.put(
      '/files/:sha256',
      { bodyLimit: Number.MAX_SAFE_INTEGER, schema: { tags: ['images'], params, description } },
      async (request, reply) => {
        const stored = await files.put(request.params.sha256, request.body as AsyncIterable<Uint8Array>)
        reply.status(201)
        return stored
      }
    )
    scope.head('/files/:sha256', { schema: { tags: ['images'], params } }, (request, reply) => {
      const size = files.size(request.params.sha256)
      return reply.status(size === undefined ? 404 : 200).send()
    })
  })
}
