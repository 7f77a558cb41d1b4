import type { Ipv4 } from './ipv4.ts'

/** How much clients may have going on at once: transfers of one protocol, or connections. */
export type ClientLimits = {
  /** Of one client's; undefined: {@link PER_CLIENT}, except on loopback, where everybody has the same address. */
  readonly perClient: number | undefined
  /** All clients' together. */
  readonly total: number
}

const PER_CLIENT = 64

/** Counts what clients have going on. */
export class ClientCount {
  readonly #limits: ClientLimits
  readonly #counts = new Map<Ipv4, number>()
  #total = 0

  constructor(limits: ClientLimits) {
    this.#limits = limits
  }

  get total(): number {
    return this.#total
  }

  /** Counts one more of a client's. @returns why there may be no more; then nothing was counted. */
  enter(client: Ipv4): string | undefined {
    const { total, perClient } = this.#limits
    const limit = perClient ?? (client.startsWith('127.') ? Number.POSITIVE_INFINITY : PER_CLIENT)
    const count = this.#counts.get(client) ?? 0
    if (count >= limit) return `${client} has ${count} already, and may have no more`
    if (this.#total >= total) return `there are ${this.#total} already, and may be no more`
    this.#counts.set(client, count + 1)
    this.#total += 1
    return undefined
  }

  /** One that was counted has ended. */
  leave(client: Ipv4): void {
    const count = this.#counts.get(client) ?? 0
    if (count === 0) return
    if (count > 1) this.#counts.set(client, count - 1)
    else this.#counts.delete(client)
    this.#total -= 1
  }
}
