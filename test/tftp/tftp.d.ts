/** What the tests use of the package `tftp`, a foreign client; it ships no types. */
declare module 'tftp' {
  import type { Readable } from 'node:stream'

  type Client = {
    /** Emits `error` with the server's message, `(Server) ...`. */
    createGetStream(remoteFile: string): Readable
  }
  export function createClient(options: {
    host: string
    port: number
    blockSize?: number
    windowSize?: number
    timeout?: number
    retries?: number
  }): Client
}
