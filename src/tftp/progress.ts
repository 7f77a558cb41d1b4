import { basename } from 'node:path/posix'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Surroundings } from './surroundings.ts'
import type { TransferEnd } from './transfer.ts'

/**
 * Tells the daemon how far a transfer is: from the first block on that the client has taken, for one that only asks for the size, as
 * EDK2 does, is none to watch.
 */
export class Progress {
  readonly #around: Pick<Surroundings, 'began' | 'reached' | 'ended'>
  readonly #number: number
  readonly #client: Ipv4
  readonly #file: string
  /** Bytes that were told of. */
  #told: number | undefined

  /** @param name of the file as the client asked for it. */
  constructor(around: Pick<Surroundings, 'began' | 'reached' | 'ended'>, number: number, client: Ipv4, name: string) {
    this.#around = around
    this.#number = number
    this.#client = client
    this.#file = basename(name.replaceAll('\\', '/'))
  }

  /** @param bytes that the client has taken. @param size of the file. */
  reach(bytes: number, size: number): void {
    if (bytes === (this.#told ?? 0)) return
    this.#tell(bytes, size)
  }

  /** Firmware may leave out the last ACK: then it has the file all the same. */
  end(end: TransferEnd, size: number): void {
    const complete = end.how === 'done' || ((end.how === 'silent' || end.how === 'unreachable') && end.last)
    if (complete) this.#tell(size, size)
    if (this.#told !== undefined) this.#around.ended(this.#number, complete)
  }

  #tell(bytes: number, size: number): void {
    if (this.#told === undefined) {
      this.#around.began(this.#number, { protocol: 'tftp', client: this.#client, file: this.#file, size })
    }
    if (this.#told !== bytes) this.#around.reached(this.#number, bytes)
    this.#told = bytes
  }
}
