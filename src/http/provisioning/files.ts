import { basename } from 'node:path/posix'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { InventoryError } from '../../inventory/errors.ts'
import { NoSuchFile } from '../../net/confined.ts'
import { ContentError } from '../../net/content/verified-files.ts'
import type { Ipv4 } from '../../net/ipv4.ts'
import { inTurn } from './connection.ts'
import { sendFile } from './send-file.ts'
import type { ProvisioningOptions } from './server.ts'

const FileParams = Type.Object({ image: Type.String(), sha256: Type.String(), file: Type.String() })
const LoaderParams = Type.Object({ '*': Type.String({ maxLength: 200 }) })

/**
 * `GET /boot/files/{image}/{sha256}/{file}` and, for UEFI HTTP Boot, `GET /boot/loaders/{path}`. HEAD
 * is a method of the same routes: fastify's own would read a whole file to send nothing of it.
 */
export function fileRoutes(app: FastifyInstance, { boot, loaders, contents, watch }: ProvisioningOptions): void {
  const method = ['GET', 'HEAD']
  const sending = { contents, watch }

  app.route<{ Params: Static<typeof FileParams> }>({
    method,
    url: '/boot/files/:image/:sha256/:file',
    schema: { params: FileParams },
    handler: (request, reply) =>
      inTurn(request.raw.socket, async (gone) => {
        const { image, sha256, file } = request.params
        request.step = { asked: asked(request, `${file} of ${image}`) }
        if (!boot.isImageFile(image, sha256, file)) throw noImageFile(image, file)
        const { files } = boot.facts
        const elsewhere =
          files.sizeAtPeer(sha256) === undefined
            ? undefined
            : boot.atPeer(request.url, request.socket.localAddress as Ipv4)
        if (elsewhere !== undefined) return reply.redirect(elsewhere, 302)
        const wanted = { path: files.path(sha256), sha256, what: `${file} of image ${image}` }
        // The URL names the content, so what it stands for never changes.
        const cacheControl = 'public, max-age=31536000, immutable'
        try {
          return await sendFile(
            { request, reply, gone },
            { wanted, name: file, type: 'application/octet-stream', cacheControl },
            sending
          )
        } catch (error) {
          const isGone = error instanceof NoSuchFile
          // Whoever boots next is told to wait, and an import of the same file takes it in anew.
          if (isGone || (error instanceof ContentError && error.code === 'file-changed')) files.spoilt(sha256)
          throw isGone ? noImageFile(image, file) : error
        }
      })
  })

  app.route<{ Params: Static<typeof LoaderParams> }>({
    method,
    url: '/boot/loaders/*',
    schema: { params: LoaderParams },
    handler: (request, reply) =>
      inTurn(request.raw.socket, async (gone) => {
        const name = request.params['*']
        request.step = { asked: asked(request, `loader ${name}`) }
        try {
          const wanted = { path: await loaders.resolve(name), what: `loader ${name}` }
          const type = /\.efi$/i.test(name) ? 'application/efi' : 'application/octet-stream'
          return await sendFile(
            { request, reply, gone },
            { wanted, name: basename(name), type, cacheControl: 'no-cache' },
            sending
          )
        } catch (error) {
          if (!(error instanceof NoSuchFile)) throw error
          const known = loaders.named(name)
          // A loader that a firmware was told to fetch and that isn't there is a person's to put right.
          if (known) request.step.level = 'warn'
          const hint = known ? `; Debian's package ${known.package} has it` : ''
          throw new InventoryError('not-found', `loader ${name}: ${error.message}${hint}`)
        }
      })
  })
}

function asked({ method, headers }: FastifyRequest, what: string): string {
  return `${method} ${what}${headers.range ? `, ${headers.range}` : ''}`
}

function noImageFile(image: string, file: string): InventoryError {
  return new InventoryError('not-found', `image ${image} has no file ${file} of this content`)
}
