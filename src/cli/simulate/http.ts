import { type IncomingMessage, request } from 'node:http'
import type { Ipv4 } from '../../net/ipv4.ts'
import { CommandFailed } from '../errors.ts'

export type Fetched = { status: number; bytes: Buffer; length: number }

const TIMEOUT_MS = 5000

/** Speaks HTTP as firmware, iPXE and installers do, from a given address. */
export class HttpClient {
  readonly #from: Ipv4

  constructor(from: Ipv4) {
    this.#from = from
  }

  async get(url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET'): Promise<Fetched> {
    return this.#send(url, { method, headers })
  }

  async post(url: string, body: object): Promise<Fetched> {
    return this.#send(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, JSON.stringify(body))
  }

  /** @throws {CommandFailed} when there is no answer, or one that says no; with the service's own words. */
  async #send(
    url: string,
    options: { method: string; headers: Record<string, string> },
    body?: string
  ): Promise<Fetched> {
    const answer = Promise.withResolvers<IncomingMessage>()
    const call = request(url, { ...options, localAddress: this.#from, timeout: TIMEOUT_MS }, answer.resolve)
    call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    call.on('error', answer.reject)
    call.end(body)
    try {
      const response = await answer.promise
      const bytes = Buffer.concat(await response.toArray())
      const status = response.statusCode ?? 0
      if (status >= 400) throw new CommandFailed(`${options.method} ${withoutToken(url)}: ${status} ${detailOf(bytes)}`)
      const { location } = response.headers
      // As iPXE and wget do: the other instance may have what is on its way to this one.
      if (status === 302 && location !== undefined) return await this.#send(location, options, body)
      const range = response.headers['content-range']?.split('/')[1]
      return { status, bytes, length: Number(range ?? response.headers['content-length'] ?? bytes.length) }
    } catch (error) {
      if (error instanceof CommandFailed) throw error
      throw new CommandFailed(`${options.method} ${withoutToken(url)}: ${(error as Error).message}`)
    }
  }
}

/** The path of a URL for people; tokens aren't shown. */
export function withoutToken(url: string): string {
  return url
    .replace(/^http:\/\/[^/]+/, '')
    .replace(/(\/attempts\/)[^/]+/, '$1TOKEN')
    .replace(/\?.*/, '')
}

function detailOf(bytes: Buffer): string {
  try {
    return (JSON.parse(bytes.toString()) as { detail: string }).detail
  } catch {
    return bytes.toString().slice(0, 200)
  }
}
