import { BATCH, type BatchReceiver } from './batch.ts'
import type { Endpoint } from './endpoint.ts'
import type { Ipv4 } from './ipv4.ts'
import type { BoundSocket } from './socket.ts'

/** Datagrams that are taken before what they caused goes on: a few milliseconds' work. */
const MOST_AT_ONCE = 128

/**
 * Hands over what a socket receives. Node tells of the first datagram; what else has come by then is
 * taken with it, at most so much in a turn of the event loop that it is answered before more is taken.
 */
export class UdpReader {
  readonly #batches: Pick<BatchReceiver, 'receive'>
  readonly #source: BoundSocket
  readonly #each: (bytes: Uint8Array, from: Endpoint) => void
  /** How many this turn of the event loop may still take. */
  #room = MOST_AT_ONCE
  #isTurnOpen = false
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
      this.#drain()
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

  /** Until none is left: Node would take one by one what comes while these are answered. */
  #drain(): void {
    if (this.#room <= 0) return
    if (!this.#isTurnOpen) setImmediate(() => this.#endTurn())
    this.#isTurnOpen = true
    let taken = BATCH
    // Once it is closed, the descriptor's number may be another file's.
    while (!this.#closed && this.#room > 0 && taken > 0) {
      taken = this.#batches.receive(this.#source.fd, this.#each)
      this.#room -= taken
    }
    this.#behind = this.#room > 0 ? 0 : this.#behind + 1
  }

  #endTurn(): void {
    const hasLeft = this.#room <= 0
    this.#room = MOST_AT_ONCE
    this.#isTurnOpen = false
    if (hasLeft) this.#drain()
  }
}
