import { BATCH, type BatchReceiver } from './batch.ts'
import type { Endpoint } from './endpoint.ts'
import type { Ipv4 } from './ipv4.ts'
import type { BoundSocket } from './socket.ts'

/** Datagrams that are taken before what they caused goes on: some milliseconds' work. */
const MOST_AT_ONCE = 512

/**
 * Hands over what a socket receives. Node tells of the first datagram; what else has come by then is
 * taken with it, once a turn of the event loop, so that what was taken is answered before more is.
 */
export class UdpReader {
  readonly #batches: Pick<BatchReceiver, 'receive'>
  readonly #source: BoundSocket
  readonly #each: (bytes: Uint8Array, from: Endpoint) => void
  #draining = false
  #behind = 0
  #closed = false

  constructor(
    batches: Pick<BatchReceiver, 'receive'>,
    source: BoundSocket,
    each: (bytes: Uint8Array, from: Endpoint) => void,
    failed: (error: Error) => void
  ) {
    this.#batches = batches
    this.#source = source
    this.#each = each
    source.socket.on('error', failed).on('message', (bytes, { address, port }) => {
      each(bytes, { address: address as Ipv4, port })
      if (!this.#draining) this.#drain()
    })
  }

  /** For how many turns of the event loop in a row more had come than could be taken. */
  get behind(): number {
    return this.#behind
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#source.close()
  }

  #drain(): void {
    this.#draining = true
    let room = MOST_AT_ONCE
    let taken = BATCH
    // Until there is none left: Node would take one by one what came while these were answered. Once it is closed, the
    // descriptor's number may be another file's.
    while (!this.#closed && room > 0 && taken > 0) {
      taken = this.#batches.receive(this.#source.fd, this.#each)
      room -= taken
    }
    if (room > 0) {
      this.#behind = 0
      setImmediate(() => {
        this.#draining = false
      })
    } else {
      this.#behind += 1
      setImmediate(() => this.#drain())
    }
  }
}
