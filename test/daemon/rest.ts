import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'

type Json = Record<string, unknown>
export type Answer<Body = Json> = { status: number; headers: IncomingHttpHeaders; body: Body }
export type Problem = { status: number; code: string; detail: string; errors?: { field: string; message: string }[] }

/** REST as a script speaks it, with the administrator's token unless a header says otherwise. */
export class Rest {
  readonly #url: string
  readonly #token: string
  readonly #certificate: string

  constructor(url: string, token: string, certificate: string) {
    this.#url = url
    this.#token = token
    this.#certificate = certificate
  }

  get<Body = Json>(path: string, headers?: Record<string, string>): Promise<Answer<Body>> {
    return this.send('GET', path, undefined, headers)
  }

  /** @param body an object as JSON, a text as it is. */
  async send<Body = Json>(
    method: string,
    path: string,
    body?: object | string,
    headers: Record<string, string> = {}
  ): Promise<Answer<Body>> {
    const text = typeof body === 'object' ? JSON.stringify(body) : body
    const type = typeof body === 'object' ? { 'content-type': 'application/json' } : {}
    return this.#exchange(method, `/api/v1${path}`, text, { ...type, ...headers })
  }

  /** @throws when it isn't created. */
  async created<Body = Json>(path: string, body: object): Promise<Answer<Body>> {
    const answer = await this.send<Body>('POST', path, body)
    if (answer.status !== 201) throw new Error(`POST ${path}: ${JSON.stringify(answer.body)}`)
    return answer
  }

  upload(sha256: string, bytes: Buffer): Promise<Answer> {
    return this.#exchange('PUT', `/api/v1/files/${sha256}`, bytes, { 'content-type': 'application/octet-stream' })
  }

  /** A path outside the API, without a token; the body as it is under `text` and `bytes` where it isn't JSON. */
  async open(path: string): Promise<Answer> {
    return this.#exchange('GET', path, undefined, { authorization: '' })
  }

  async #exchange<Body>(
    method: string,
    path: string,
    body: string | Buffer | undefined,
    headers: Record<string, string>
  ): Promise<Answer<Body>> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer<Body>>()
    const call = request(`${this.#url}${path}`, {
      method,
      path,
      agent: false,
      ca: this.#certificate,
      headers: { authorization: `Bearer ${this.#token}`, ...headers }
    })
    call.on('error', reject).on('response', async (response) => {
      const isJson = /json/.test(response.headers['content-type'] ?? '') && method !== 'HEAD'
      const bytes = Buffer.concat(await response.toArray())
      const answered = isJson ? JSON.parse(bytes.toString()) : { text: bytes.toString(), bytes }
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answered as Body })
    })
    call.end(body)
    return promise
  }
}
