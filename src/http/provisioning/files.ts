import { open } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { InventoryError } from '../../inventory/errors.ts'
import { NoSuchFile } from '../../net/confined.ts'
import { type Problem, problem, sendProblem } from '../problem.ts'
import { partOf } from './part.ts'
import type { ProvisioningOptions } from './server.ts'

const FileParams = Type.Object({ image: Type.String(), sha256: Type.String(), file: Type.String() })
const LoaderParams = Type.Object({ file: Type.String() })

/**
 * `GET /boot/files/{image}/{sha256}/{file}` and, for UEFI HTTP Boot, `GET /boot/loaders/{file}`. HEAD
 * is a method of the same routes: fastify's own would read a whole file to send nothing of it.
 */
export function fileRoutes(app: FastifyInstance, { boot, loaders }: ProvisioningOptions): void {
  const method = ['GET', 'HEAD']

  app.route<{ Params: Static<typeof FileParams> }>({
    method,
    url: '/boot/files/:image/:sha256/:file',
    schema: { params: FileParams },
    handler: async (request, reply) => {
      const { image: name, sha256, file } = request.params
      request.step = {
        asked: `${request.method} ${file} of ${name}${request.headers.range ? `, ${request.headers.range}` : ''}`
      }
      const image = boot.facts.inventory.get('image', name)
      const named = [image?.kernel, image?.initrd].find((each) => each?.sha256 === sha256 && each.name === file)
      if (!named || boot.facts.files.size(sha256) !== named.size) {
        throw new InventoryError('not-found', `image ${name} has no file ${file} of this content`)
      }
      const { size } = named
      const tag = `"${sha256}"`
      const part = partOf(request.headers, tag, size)
      if (part.status === 416) return sendProblem(reply.header('content-range', `bytes */${size}`), beyond(file, size))
      // The URL names the content, so what it stands for never changes.
      reply.status(part.status).header('etag', tag).header('cache-control', 'public, max-age=31536000, immutable')
      if (part.status === 304) return reply.send()
      const { start, end } = part.status === 206 ? part : { start: 0, end: size - 1 }
      if (part.status === 206) reply.header('content-range', `bytes ${start}-${end}/${size}`)
      const length = end - start + 1
      request.step.answered = `${length} bytes`
      reply.type('application/octet-stream').header('accept-ranges', 'bytes').header('content-length', length)
      if (request.method === 'HEAD') return reply.send()
      const handle = await open(boot.facts.files.path(sha256))
      return reply.send(handle.createReadStream({ start, end }))
    }
  })

  app.route<{ Params: Static<typeof LoaderParams> }>({
    method,
    url: '/boot/loaders/:file',
    schema: { params: LoaderParams },
    handler: async (request, reply) => {
      const { file } = request.params
      request.step = { asked: `${request.method} loader ${file}` }
      try {
        const { handle, size } = await loaders.open(file)
        request.step.answered = `${size} bytes`
        reply.type('application/efi').header('content-length', size)
        if (request.method === 'GET') return reply.send(handle.createReadStream())
        await handle.close()
        return reply.send()
      } catch (error) {
        if (error instanceof NoSuchFile) throw new InventoryError('not-found', `loader ${file}: ${error.message}`)
        throw error
      }
    }
  })
}

function beyond(file: string, size: number): Problem {
  return problem('no-such-range', `${file} has ${size} bytes`)
}
