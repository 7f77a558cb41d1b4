import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../net/ipv4.ts'
import type { Pool } from './model.ts'
import { NumberMap } from './number-map.ts'

type Link = { readonly address: number; before: Link; after: Link }

/**
 * The addresses of a pool that nobody holds, the least recently used first: those never used, in
 * order, then those given back or expired, in the order in which that happened. So an address is reused as late as
 * the pool allows. Everything takes the same time, however large the pool.
 */
export class FreeAddresses {
  readonly #last: number
  /** The first that was never handed out; those before it are held, in the list, or were passed over. */
  #unused: number
  readonly #links = new NumberMap<Link>()
  /** Before the first and after the last of the list. */
  readonly #end: Link

  constructor({ from, to }: Pool) {
    this.#unused = ipv4ToNumber(from)
    this.#last = ipv4ToNumber(to)
    const end = { address: -1 } as Link
    end.before = end
    end.after = end
    this.#end = end
  }

  /**
   * The first that can be used; it stays the first until it is removed. Those that can't be used are taken out:
   * another use has them.
   * @param isUsable whether an address may be given to the client.
   */
  first(isUsable: (address: Ipv4) => boolean): Ipv4 | undefined {
    for (; this.#unused <= this.#last; this.#unused += 1) {
      const address = ipv4FromNumber(this.#unused)
      if (!this.#links.has(this.#unused) && isUsable(address)) return address
    }
    for (let link = this.#end.after; link !== this.#end; link = this.#end.after) {
      const address = ipv4FromNumber(link.address)
      if (isUsable(address)) return address
      this.#unlink(link)
    }
    return undefined
  }

  /** Puts an address whose use has ended last, unless it is there already. @param address 32 bits. */
  give(address: number): void {
    if (this.#links.has(address)) return
    const link = { address, before: this.#end.before, after: this.#end }
    link.before.after = link
    link.after.before = link
    this.#links.set(address, link)
  }

  /** Takes out an address that somebody has by now. */
  remove(address: number): void {
    const link = this.#links.get(address)
    if (link !== undefined) this.#unlink(link)
  }

  #unlink({ address, before, after }: Link): void {
    before.after = after
    after.before = before
    this.#links.delete(address)
  }
}
