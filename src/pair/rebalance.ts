import type { Slot } from '../inventory/address-shares.ts'
import { shareChange } from '../inventory/address-shares.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Pool } from '../inventory/model.ts'
import type { Ipv4 } from '../net/ipv4.ts'

/** Addresses that are given at once; as many stay here at least. */
const GIFT = 128
/** Milliseconds between two times of asking. */
const PAUSE_MS = 1000

export type RebalanceOptions = {
  readonly inventory: Inventory
  readonly slot: Slot
  readonly now: () => number
  /** Free addresses of pools that this instance could give, up to so many. */
  readonly spare: (pools: readonly Pool[], most: number) => readonly Ipv4[]
  readonly ask: (pools: readonly Pool[]) => void
  readonly tell: (level: 'info' | 'warn', message: string) => void
}

/**
 * Moves addresses of pools between the two shares while the two are in step: one that has none left asks, and gets half of what
 * the other one has free. Each address's change of hands is an op, written by whose it was.
 */
export class Rebalance {
  readonly #options: RebalanceOptions
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(options: RebalanceOptions) {
    this.#options = options
  }

  /** This instance has none left. */
  ask(pools: readonly Pool[]): void {
    const now = this.#options.now()
    if (now - this.#askedAt < PAUSE_MS) return
    this.#askedAt = now
    this.#options.ask(pools)
  }

  /** The other instance has none left. Never rejects. */
  async give(wanted: readonly Pool[]): Promise<void> {
    const { inventory, slot, spare, tell } = this.#options
    const pools = [...inventory.list('subnet')]
      .flatMap((subnet) => subnet.pools)
      .filter(({ from, to }) => wanted.some((each) => each.from === from && each.to === to))
    const free = spare(pools, 2 * GIFT)
    const gift = free.slice(0, Math.floor(free.length / 2))
    if (gift.length === 0) return
    const what = `${gift.length} free addresses, of the pool from ${pools[0]?.from} on,`
    try {
      await inventory.write(gift.map((address) => shareChange(address, slot === 0 ? 1 : 0)))
      tell('info', `${what} are the other instance's from now on: it had none left`)
    } catch (error) {
      tell('warn', `${what} couldn't be given to the other instance, which has none left: ${(error as Error).message}`)
    }
  }
}
