import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

type Address = { readonly address: string; readonly port: number }

/** Stands between the two instances on their link, so that it can be cut without a sign: nothing goes through any more, and nobody is told. */
export class LinkProxy {
  readonly #server: Server
  readonly #at: Address
  readonly #sockets = new Set<Socket>()
  #isCut = false

  private constructor(server: Server, at: Address) {
    this.#server = server
    this.#at = at
    server.on('connection', (socket) => this.#pass(socket))
  }

  /** Listens at an address; what comes goes to the next port. */
  static async listen(at: Address): Promise<LinkProxy> {
    const server = createServer()
    server.listen(at.port, at.address)
    await once(server, 'listening')
    return new LinkProxy(server, at)
  }

  get address(): string {
    return `${this.#at.address}:${this.#at.port}`
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.pause()
  }

  heal(): void {
    this.#isCut = false
    for (const socket of this.#sockets) socket.resume()
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #pass(from: Socket): void {
    const to = connect({ host: this.#at.address, port: this.#at.port + 1 })
    for (const [one, other] of [
      [from, to],
      [to, from]
    ] as const) {
      this.#sockets.add(one)
      one.on('data', (bytes) => other.write(bytes))
      one.on('error', () => one.destroy())
      one.on('close', () => {
        this.#sockets.delete(one)
        if (!this.#isCut) other.destroy()
      })
      if (this.#isCut) one.pause()
    }
  }
}
