/** What the probes use of two packages that ship no types. Names with an underscore are the packages' own internals. */
declare module 'dhcp' {
  export type Socket = {
    bind(port: number, host: string, done: () => void): void
    address(): { port: number }
    send: (packet: Uint8Array, offset: number, length: number, port: number, host: string) => void
  }
  export type Server = {
    _sock: Socket
    on(event: 'error', listener: (error: unknown) => void): void
  }
  /** Keys are the package's names of options, and `range`, `static`, `randomIP`, `forceOptions`. */
  export function createServer(config: Record<string, unknown>): Server
}

declare module 'tftp' {
  export type Server = {
    /** Read by `listen`: the constructor takes 0 for "absent" and puts 69. */
    port: number
    _socket: { address(): { port: number } }
    on(event: 'listening', listener: () => void): void
    on(event: 'error', listener: (error: unknown) => void): void
    on(event: 'request', listener: (request: { on(event: 'error', listener: () => void): void }) => void): void
    listen(): void
  }
  export function createServer(options: { host: string; root: string }): Server
}
