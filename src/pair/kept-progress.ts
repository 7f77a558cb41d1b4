import type { Leases } from '../inventory/leases.ts'
import type { PeerKnowledge } from '../inventory/peer-knowledge.ts'

/** Milliseconds from one time to the next. */
const EVERY = 1000

/** Keeps, now and then, how far the other instance has come: what a crash forgets counts as unknown to it, which is safe. */
export class KeptProgress {
  readonly #peer: PeerKnowledge
  readonly #leases: Leases
  readonly #now: () => number
  #kept: number | undefined
  #keptAt = 0

  constructor(peer: PeerKnowledge, leases: Leases, now: () => number) {
    this.#peer = peer
    this.#leases = leases
    this.#now = now
  }

  tick(): void {
    const now = this.#now()
    if (now - this.#keptAt < EVERY) return
    this.#keptAt = now
    // What can't be written now, for the disk is full, is kept the next time.
    this.#leases.keepAcknowledged().catch(() => {})
    if (this.#peer.acknowledged !== this.#kept) this.#keep().catch(() => {})
  }

  async #keep(): Promise<void> {
    // While leases are written, SQLite would let this wait, and the event loop with it.
    await this.#leases.idle()
    const { acknowledged } = this.#peer
    this.#peer.keep()
    this.#kept = acknowledged
  }
}
