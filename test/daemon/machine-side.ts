import { type IncomingHttpHeaders, request } from 'node:http'

export type Fetched = { status: number; headers: IncomingHttpHeaders; bytes: Buffer; text: string; body: Problem }
type Problem = { code: string; detail: string; errors?: { field: string; message: string }[] }
export type MachineSide = {
  readonly url: string
  get(path: string, headers?: Record<string, string>): Promise<Fetched>
  send(method: string, path: string, body?: string | Buffer, headers?: Record<string, string>): Promise<Fetched>
}

/** HTTP as firmware, iPXE and installers speak it; paths go out as they are, also those that no browser would send. */
export function machineSide(url: string): MachineSide {
  const send: MachineSide['send'] = async (method, path, body, headers = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Fetched>()
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const call = request(url, { method, path, headers: { ...length, ...headers }, agent: false })
    call.on('error', reject).on('response', async (response) => {
      const bytes = Buffer.concat(await response.toArray())
      const text = bytes.toString()
      const isProblem = response.headers['content-type']?.startsWith('application/problem+json')
      const problem = isProblem && text !== '' ? JSON.parse(text) : { code: '', detail: '' }
      resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text, body: problem })
    })
    call.end(body)
    return promise
  }
  return { url, send, get: (path, headers) => send('GET', path, undefined, headers) }
}
