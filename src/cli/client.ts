import { X509Certificate } from 'node:crypto'
import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createSecureContext } from 'node:tls'
import { CERTIFICATE_FILE, TOKEN_FILE, URL_FILE } from '../admin-token.ts'
import { CommandFailed } from './errors.ts'
import { type Message, readEvents } from './event-source.ts'

/** Where the service is, who asks, and which certificate it must show. */
export type Access = { readonly url: string; readonly token: string; readonly ca?: X509Certificate }

export const STATE_FOLDERS = ['var', '/var/lib/tandem']

/**
 * Finds the service: what a daemon left in the state folder that is named; else TANDEM_URL and
 * TANDEM_TOKEN (with TANDEM_CA, a file, where the certificate is self-made); else a usual state folder.
 */
export function findAccess(state: string | undefined, env: NodeJS.ProcessEnv): Access {
  const { TANDEM_URL: url, TANDEM_TOKEN: token, TANDEM_CA: ca } = env
  if (state === undefined && url !== undefined) {
    if (token === undefined) throw new CommandFailed('TANDEM_URL is set and TANDEM_TOKEN is not: set both')
    if (!/^https:\/\/[^/]+\/?$/.test(url) || !URL.canParse(url)) {
      throw new CommandFailed(`TANDEM_URL "${url}" is not of the form https://HOST:PORT`)
    }
    return { url: url.replace(/\/$/, ''), token: headerSafe(token.trim()), ...(ca ? { ca: certificateOf(ca) } : {}) }
  }
  const folders = state === undefined ? STATE_FOLDERS : [state]
  const folder = folders.find((each) => existsSync(join(each, URL_FILE)))
  if (folder === undefined) {
    throw new CommandFailed(
      `no running Tandem was found in ${folders.join(' or ')}: start it with \`npm start\`, name its state folder with --state, or set TANDEM_URL and TANDEM_TOKEN`
    )
  }
  return {
    url: readText(join(folder, URL_FILE)).trim(),
    token: headerSafe(readText(join(folder, TOKEN_FILE)).trim()),
    ca: certificateOf(join(folder, CERTIFICATE_FILE))
  }
}

function headerSafe(token: string): string {
  if (/^[!-~]+$/.test(token)) return token
  throw new CommandFailed('the token is empty, or holds what no token holds')
}

/** The file's first certificate: a server's own, where intermediate ones follow. */
function certificateOf(path: string): X509Certificate {
  const text = readText(path)
  try {
    return new X509Certificate(text)
  } catch {
    throw new CommandFailed(`${path} holds no certificate`)
  }
}

export type Body = { json: unknown } | { stream: Readable; length: number }
export type Answer = { status: number; body: Buffer }

/** Speaks REST to the service. */
export class Client {
  readonly #access: Access
  /** Tells a person what they should know beside the answer. */
  readonly #notice: (line: string) => void
  #noticed = false

  constructor(access: Access, notice: (line: string) => void = () => {}) {
    this.#access = access
    this.#notice = notice
  }

  /** The answer's JSON. @throws {CommandFailed} with the service's own words when it refuses. */
  async json<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.send(method, path, body === undefined ? undefined : { json: body })
    try {
      const value = JSON.parse(answer.body.toString())
      if (method !== 'GET' && value?.replicated === false) await this.#noticeAlone()
      return value as T
    } catch {
      throw new CommandFailed(`${this.#access.url} answers something else than Tandem: is it the admin side's URL?`)
    }
  }

  /** Once: an instance that has a peer wrote without it. */
  async #noticeAlone(): Promise<void> {
    if (this.#noticed) return
    this.#noticed = true
    const { state, peer } = await this.json<{ state: string; peer?: { instance: string } | null }>('GET', '/pair')
    if (peer) this.#notice(`note: written here alone, ${peer.instance} will get it when it is back (${state})`)
  }

  async text(path: string): Promise<string> {
    return (await this.bytes(path)).toString()
  }

  async bytes(path: string): Promise<Buffer> {
    return (await this.send('GET', path)).body
  }

  /** Writes the answer into a new file that only its owner can read. @returns its length, in bytes. */
  async save(path: string, file: string): Promise<number> {
    const answer = await this.#response('GET', path)
    const status = answer.statusCode ?? 0
    if (status >= 300) throw new CommandFailed(describe({ status, body: Buffer.concat(await answer.toArray()) }))
    const output = createWriteStream(file, { mode: 0o600 })
    try {
      await pipeline(answer, output)
    } catch (error) {
      throw new CommandFailed(`${file} could not be saved (${(error as NodeJS.ErrnoException).code})`)
    }
    return output.bytesWritten
  }

  async exists(method: string, path: string): Promise<boolean> {
    const { status } = await this.#exchange(method, path)
    return status < 300
  }

  async send(method: string, path: string, body?: Body): Promise<Answer> {
    const answer = await this.#exchange(method, path, body)
    if (answer.status >= 300) throw new CommandFailed(describe(answer))
    return answer
  }

  /** A stream of events, until the service ends it. @throws {CommandFailed} when it refuses. */
  async *events(path: string): AsyncGenerator<Message> {
    const answer = await this.#response('GET', path, undefined, { accept: 'text/event-stream' })
    const status = answer.statusCode ?? 0
    if (status >= 300) throw new CommandFailed(describe({ status, body: Buffer.concat(await answer.toArray()) }))
    try {
      yield* readEvents(answer)
    } catch (error) {
      throw this.#silent(error as Error)
    }
  }

  async #exchange(method: string, path: string, body?: Body): Promise<Answer> {
    const answer = await this.#response(method, path, body)
    try {
      return { status: answer.statusCode ?? 0, body: Buffer.concat(await answer.toArray()) }
    } catch (error) {
      throw this.#silent(error as Error)
    }
  }

  async #response(method: string, path: string, body?: Body, headers: OutgoingHttpHeaders = {}) {
    const { url, token, ca } = this.#access
    const payload = body && 'json' in body ? Buffer.from(JSON.stringify(body.json)) : undefined
    const length = payload?.length ?? (body && 'stream' in body ? body.length : undefined)
    const type = payload ? 'application/json' : 'application/octet-stream'
    const response = Promise.withResolvers<IncomingMessage>()
    const call = request(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...headers,
        authorization: `Bearer ${token}`,
        ...(length === undefined ? {} : { 'content-type': type, 'content-length': length })
      },
      ...(ca ? trust(ca) : {})
    })
    call.on('response', response.resolve).on('error', response.reject)
    const sent = pipeline(
      payload ? Readable.from([payload]) : body && 'stream' in body ? body.stream : Readable.from([]),
      call
    )
    // The answer counts: a service that refuses may close before it has read everything.
    sent.catch(response.reject)
    return response.promise.catch((error: Error) => {
      throw this.#silent(error)
    })
  }

  #silent(error: NodeJS.ErrnoException): CommandFailed {
    return new CommandFailed(`${this.#access.url} does not answer (${error.code ?? error.message}): is Tandem running?`)
  }
}

/** A server's certificate is pinned: itself, whoever signed it, under whatever name it is reached. An authority's is not. */
function trust(certificate: X509Certificate) {
  const ca = certificate.toString()
  if (certificate.ca) return { ca }
  return {
    secureContext: createSecureContext({ ca, allowPartialTrustChain: true }),
    checkServerIdentity: () => undefined
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CommandFailed(`${path} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function describe({ status, body }: Answer): string {
  const text = body.toString()
  try {
    const { title, detail, code, errors } = JSON.parse(text)
    if (!errors) return `${detail ?? title} (${code})`
    const lines = (errors as { field: string; message: string }[]).map(({ field, message }) => `  ${field}: ${message}`)
    return `${title} (${code})\n${lines.join('\n')}`
  } catch {
    return `the service answered ${status}: ${text.slice(0, 200)}`
  }
}
