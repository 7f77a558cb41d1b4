import type { TransferView } from './http/admin/transfers.ts'
import type { Inventory } from './inventory/inventory.ts'
import type { Ipv4 } from './net/ipv4.ts'
import type { Mac } from './net/mac.ts'
import type { TransferStart, TransferWatcher } from './net/transfer-watch.ts'

/** Milliseconds that the rate is measured over, at least. */
const SPAN = 1000
/** Milliseconds for which one that has ended is still told of, so that nobody misses its end. */
const AFTERMATH = 3000
/** Transfers that are followed at once: TFTP and HTTP are bounded, each by itself. */
const MOST = 10_000

type Followed = {
  readonly number: number
  readonly start: TransferStart
  readonly startedAt: number
  bytes: number
  /** Bytes a second. */
  rate: number
  /** Where the rate is measured from. */
  mark: { readonly bytes: number; readonly at: number }
  end?: { readonly complete: boolean; readonly at: number }
}

/** How far the transfers of boot files are, those of all servers, with the machine that each is for. */
export class Transfers {
  readonly #inventory: Inventory
  readonly #macAt: (address: Ipv4) => Mac | undefined
  readonly #now: () => number
  readonly #followed = new Map<number, Followed>()
  readonly #bytes = { tftp: 0, http: 0 }
  #count = 0

  /** @param now milliseconds since the epoch. */
  constructor(options: { inventory: Inventory; macAt: (address: Ipv4) => Mac | undefined; now: () => number }) {
    this.#inventory = options.inventory
    this.#macAt = options.macAt
    this.#now = options.now
  }

  /** What the servers tell: a `WatchTransfer`. */
  readonly watch = (start: TransferStart): TransferWatcher => {
    const now = this.#now()
    this.#forget(now)
    this.#count += 1
    const bytes = start.offset ?? 0
    const mark = { bytes, at: now }
    const followed: Followed = { number: this.#count, start, startedAt: now, bytes, rate: 0, mark }
    if (this.#followed.size < MOST) this.#followed.set(followed.number, followed)
    return {
      reached: (bytes) => this.#reached(followed, bytes),
      ended: (complete) => {
        followed.end = { complete, at: this.#now() }
      }
    }
  }

  /** Those that go on, and those that ended within the last seconds; the oldest first. */
  list(): TransferView[] {
    this.#forget(this.#now())
    return Array.from(this.#followed.values(), (each) => this.#view(each))
  }

  /** Bytes that were sent since the start. */
  get bytes(): Readonly<Record<'tftp' | 'http', number>> {
    return this.#bytes
  }

  #reached(followed: Followed, bytes: number): void {
    const { mark, start } = followed
    const now = this.#now()
    // What is sent again is no news.
    this.#bytes[start.protocol] += Math.max(0, bytes - followed.bytes)
    followed.bytes = bytes
    const milliseconds = now - mark.at
    if (milliseconds > 0) followed.rate = Math.max(0, Math.round(((bytes - mark.bytes) * 1000) / milliseconds))
    if (milliseconds >= SPAN) followed.mark = { bytes, at: now }
  }

  #forget(now: number): void {
    for (const [number, { end }] of this.#followed) {
      if (end && now - end.at >= AFTERMATH) this.#followed.delete(number)
    }
  }

  #view({ number, start, startedAt, bytes, rate, end }: Followed): TransferView {
    const { protocol, client, file, size } = start
    const mac = this.#macAt(client)
    return {
      number,
      protocol,
      address: client,
      mac: mac ?? null,
      machine: (mac && this.#inventory.machineByMac(mac)?.name) ?? null,
      file,
      size,
      bytes,
      percent: size === 0 ? 100 : Math.floor((bytes * 100) / size),
      rate,
      startedAt: new Date(startedAt).toISOString(),
      state: end === undefined ? 'running' : end.complete ? 'complete' : 'ended'
    }
  }
}
