import type { Now } from '../inventory/clock.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Machine } from '../inventory/model.ts'
import type { Mac } from '../net/mac.ts'

/** Milliseconds between two writes of a machine's card: who names another one each time in its name is no load. */
const BETWEEN = 60_000

/** Which network cards machines boot by, as their iPXE tells: the loader that suits a machine hangs on that. */
export class Cards {
  readonly #inventory: Inventory
  readonly #now: Now
  /** When the card of a machine, as it is since then, was written. */
  readonly #writtenAt = new WeakMap<Machine, number>()

  constructor(inventory: Inventory, now: Now) {
    this.#inventory = inventory
    this.#now = now
  }

  /** Writes what is news, in one transaction. @property busId as iPXE prints `busid`. */
  async learn(clients: readonly { readonly mac: Mac; readonly busId?: string | undefined }[]): Promise<void> {
    const news = new Map<string, Machine>()
    for (const { mac, busId: busid } of clients) {
      const machine = busid === undefined ? undefined : this.#inventory.machineByMac(mac)
      if (machine === undefined || busid === undefined || !this.#isNews(machine, busid)) continue
      news.set(machine.name, { ...machine, facts: { ...machine.facts, busid } })
    }
    if (news.size === 0) return
    const draft = this.#inventory.draft()
    for (const machine of news.values()) draft.putReported(machine)
    await this.#inventory.commit(draft, 'dhcp')
    for (const machine of news.values()) this.#writtenAt.set(machine, this.#now())
  }

  #isNews(machine: Machine, busid: string): boolean {
    const writtenAt = this.#writtenAt.get(machine) ?? Number.NEGATIVE_INFINITY
    return machine.facts.busid !== busid && this.#now() >= writtenAt + BETWEEN
  }
}
