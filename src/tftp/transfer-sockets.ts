import { type DatagramReader, DatagramSocket, senderNumber } from '../net/datagrams.ts'
import type { Endpoint } from '../net/endpoint.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Libc } from '../net/libc.ts'
import { FAULTY, type Poller, READABLE, WRITABLE } from '../net/poller.ts'
import type { Ears, TransferChannel } from './surroundings.ts'

type Open = { readonly socket: DatagramSocket; readonly client: number; readonly ears: Ears }

/** The ports of the transfers, watched by one poller. */
export class TransferSockets {
  readonly #libc: Libc
  readonly #poller: Poller
  readonly #reader: DatagramReader
  readonly #open = new Map<number, Open>()

  constructor(libc: Libc, poller: Poller, reader: DatagramReader) {
    this.#libc = libc
    this.#poller = poller
    this.#reader = reader
  }

  /** @throws an error with the system's `code`. */
  open(local: Ipv4, client: Endpoint, ears: Ears): TransferChannel {
    const socket = new DatagramSocket(this.#libc, { address: local, port: 0 }, client)
    const { fd, mtu } = socket
    try {
      this.#poller.add(fd)
    } catch (error) {
      socket.close()
      throw error
    }
    this.#open.set(fd, { socket, client: senderNumber(client), ears })
    return {
      mtu,
      send: (bytes) => socket.send(bytes),
      sendRun: (packets) => socket.sendRun(packets),
      sendTo: (bytes, to) => socket.sendTo(bytes, to),
      awaitRoom: () => this.#poller.watch(fd, READABLE | WRITABLE),
      close: () => this.#close(fd, socket)
    }
  }

  /** Takes what the poller tells of a descriptor. */
  ready(fd: number, events: number): void {
    const open = this.#open.get(fd)
    if (open === undefined) return
    if (events & FAULTY && open.socket.takeErrors()) open.ears.gone()
    if (events & WRITABLE) {
      this.#poller.watch(fd, READABLE)
      open.ears.room()
    }
    // One is what a client sends before it waits; if there are more, the poller tells of them again.
    const bytes = this.#reader.receive(fd)
    if (bytes === undefined) return
    if (bytes === 'gone') open.ears.gone()
    else if (this.#reader.sender === open.client) open.ears.heard(bytes)
    else if (this.#reader.from.port !== 0) open.ears.overheard(bytes, this.#reader.from)
  }

  close(): void {
    for (const [fd, { socket }] of this.#open) this.#close(fd, socket)
  }

  #close(fd: number, socket: DatagramSocket): void {
    if (!this.#open.delete(fd)) return
    this.#poller.remove(fd)
    socket.close()
  }
}
