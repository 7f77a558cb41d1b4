import { pipeline } from 'node:stream/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Content, Contents } from '../../net/content/contents.ts'
import { ContentError, type WantedFile } from '../../net/content/verified-files.ts'
import type { TransferWatcher, WatchTransfer } from '../../net/transfer-watch.ts'
import { problem, sendProblem } from '../problem.ts'
import { ends } from './ends.ts'
import { partOf } from './part.ts'

export type Sending = { readonly contents: Contents; readonly watch: WatchTransfer }

/** How a file is told of to clients. @property name without folders: `initrd.gz`. */
export type Presented = {
  readonly wanted: WantedFile
  readonly name: string
  readonly type: string
  readonly cacheControl: string
}

/** @property gone the connection's end, which a response that isn't yet its connection's hears of in no other way. */
export type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly gone: AbortSignal }

/** How often a file that is replaced just now is looked at anew. */
const TRIES = 3
/** Milliseconds between two reports of a transfer's progress. */
const PROGRESS_MS = 200

/**
 * Answers GET and HEAD of a boot file, with its conditions and ranges. Its entity tag is the SHA-256 of its content, and what
 * leaves is that content; a file that is changed while it is sent ends the connection.
 * @throws {NoSuchFile} @throws {ContentError}
 */
export async function sendFile(
  { request, reply, gone }: Exchange,
  { wanted, name, type, cacheControl }: Presented,
  { contents, watch }: Sending
): Promise<FastifyReply> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const file = await contents.check(wanted)
    const { size } = file
    const tag = `"${file.sha256}"`
    const part = partOf(request.method, request.headers, tag, size)
    if (part.status === 416) {
      const beyond = problem('no-such-range', `${name} has ${size} bytes`)
      return sendProblem(reply.header('content-range', `bytes */${size}`), beyond)
    }
    if (part.status === 412) return sendProblem(reply, problem('stale', `${name} is another one: ${tag}`))
    const validators = { etag: tag, 'cache-control': cacheControl }
    if (part.status === 304) return reply.status(304).headers(validators).send()
    const { start, end } = part.status === 206 ? part : { start: 0, end: size - 1 }
    const headers = {
      ...validators,
      'content-type': type,
      'accept-ranges': 'bytes',
      'content-length': end - start + 1,
      ...(part.status === 206 ? { 'content-range': `bytes ${start}-${end}/${size}` } : {})
    }
    if (request.step) request.step.answered = `${end - start + 1} bytes`
    if (request.method === 'HEAD') return reply.headers(headers).send()
    if (gone.aborted) return reply.hijack()
    const content = await contents.open(file, wanted.what)
    if (content === undefined) continue
    reply.hijack()
    reply.raw.writeHead(part.status, headers)
    await sendBody({ request, reply, gone }, content, { name, start, end }, watch)
    return reply
  }
  throw new ContentError('file-changed', `${wanted.what} is replaced again and again: not served`)
}

async function sendBody(
  { request, reply, gone }: Exchange,
  content: Content,
  { name, start, end }: { name: string; start: number; end: number },
  watch: WatchTransfer
): Promise<void> {
  const { file } = content
  const { from: client } = ends(request)
  const watcher = watch({ protocol: 'http', client, file: name, size: file.size, offset: start })
  let isWhole = false
  try {
    await pipeline(followed(content.chunks(start, end), start, watcher), reply.raw, { signal: gone })
    isWhole = end === file.size - 1
  } catch (error) {
    // The client went away, or the file is not what it was: the connection has ended either way.
    if (error instanceof ContentError) request.problem = error.message
  } finally {
    watcher.ended(isWhole)
    await content.release()
  }
}

/** Hands bytes on, and tells how far they are: each piece has left, or nearly, when the next one is asked for. */
async function* followed(
  chunks: ReturnType<Content['chunks']>,
  start: number,
  watcher: TransferWatcher
): AsyncGenerator<Buffer> {
  let at = start
  let told = performance.now()
  for await (const chunk of chunks) {
    yield chunk
    at += chunk.length
    const now = performance.now()
    if (now - told < PROGRESS_MS) continue
    told = now
    watcher.reached(at)
  }
  watcher.reached(at)
}
