import { BatchSender, LONGEST_SENT } from './batch.ts'
import type { Endpoint } from './endpoint.ts'
import type { Libc } from './libc.ts'
import type { BoundSocket } from './socket.ts'
import { SocketError } from './socket-error.ts'

/** Datagrams that wait for the system to take them; those beyond are dropped, and the clients ask again. */
const LONGEST_QUEUE = 1000

/** Sends from a socket: what one turn of the event loop gives leaves together. */
export class UdpWriter {
  readonly #target: BoundSocket
  readonly #batch: BatchSender
  readonly #failed: (error: Error) => void
  #isFlushScheduled = false
  #closed = false

  constructor(libc: Libc, target: BoundSocket, failed: (error: Error) => void) {
    this.#target = target
    this.#batch = new BatchSender(libc, target.fd)
    this.#failed = failed
  }

  /** @param bytes copied. Never throws: what can't be sent goes to `failed`. */
  send(bytes: Uint8Array, to: Endpoint): void {
    // The descriptor's number may be another file's by now.
    if (this.#closed) {
      this.#failed(new SocketError('EBADF', `the socket is closed: a datagram to ${to.address} dropped`))
      return
    }
    if (bytes.length > LONGEST_SENT) {
      this.#sendAlone(Uint8Array.from(bytes), to)
      return
    }
    if (this.#batch.isFull) this.#flush()
    this.#batch.add(bytes, to)
    if (this.#isFlushScheduled) return
    this.#isFlushScheduled = true
    queueMicrotask(() => this.#flush())
  }

  /** Sends what waits. The socket is still to be closed. */
  close(): void {
    this.#flush()
    this.#closed = true
  }

  #flush(): void {
    this.#isFlushScheduled = false
    if (this.#closed) return
    this.#batch.flush((error, bytes, to) => {
      if (error.code === 'EAGAIN') this.#sendAlone(bytes, to)
      else this.#failed(error)
    })
  }

  /** Through Node, which waits until the system takes it. */
  #sendAlone(bytes: Uint8Array, to: Endpoint): void {
    const { socket } = this.#target
    if (socket.getSendQueueCount() >= LONGEST_QUEUE) {
      this.#failed(
        new SocketError('ENOBUFS', `${LONGEST_QUEUE} datagrams wait to be sent: one to ${to.address} dropped`)
      )
      return
    }
    try {
      socket.send(bytes, to.port, to.address, (error) => error && this.#failed(error))
    } catch (error) {
      // dgram throws on port 0, which a datagram may claim to come from.
      this.#failed(error as Error)
    }
  }
}
