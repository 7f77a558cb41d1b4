import type { ExecutionContext } from 'ava'
import { waitFor } from '../../e2e/lab/wait.ts'
import { DhcpClients, givenTwice } from './dhcp-clients.ts'
import type { Instance } from './instance.ts'
import type { Lab } from './lab.ts'
import { leasesOf, machinesOf, sameOnBoth, untilTold } from './same.ts'
import { type Outcome, Writer } from './writers.ts'

/** Clients that ask for an address at once. */
const AT_ONCE = 4

/** Administrators at both instances and DHCP clients between them, and the ledgers of what they were promised. */
export class Load {
  readonly clients: DhcpClients
  readonly writers: readonly Writer[]
  readonly #lab: Lab

  private constructor(lab: Lab, clients: DhcpClients) {
    this.#lab = lab
    this.clients = clients
    this.writers = lab.both.map((each, index) => new Writer(each, index + 1))
  }

  static async open(lab: Lab): Promise<Load> {
    const load = new Load(lab, await DhcpClients.open())
    lab.ending.push(() => load.stop())
    return load
  }

  start(): void {
    for (const writer of this.writers) writer.start()
    this.clients.start(AT_ONCE)
  }

  async stop(): Promise<void> {
    for (const writer of this.writers) await writer.stop()
    await this.clients.stop()
  }

  /** Goes on until more writes have come to this and more clients have got an address, then stops. */
  async some(outcome: Outcome, howMany: number): Promise<void> {
    this.start()
    await this.more(outcome, howMany)
    await this.stop()
  }

  /** How many writes came to this. */
  count(outcome: Outcome): number {
    return this.acknowledged(outcome).length
  }

  acknowledged(...outcomes: Outcome[]): string[] {
    return this.writers.flatMap((writer) => writer.acknowledged(...outcomes))
  }

  /** Waits until more writes have come to this, and more clients have got an address. */
  async more(outcome: Outcome, howMany: number): Promise<void> {
    const [writes, leases] = [this.count(outcome), this.clients.ledger.length]
    await waitFor(`${howMany} more writes ${outcome}, and leases`, 120, async () => {
      return this.count(outcome) >= writes + howMany && this.clients.ledger.length >= leases + howMany
    })
  }

  /** Asserts that an instance has what was said to be on both. */
  async assertReplicated(t: ExecutionContext, instance: Instance, when: string): Promise<void> {
    t.deepEqual(missing(this.acknowledged('replicated'), await machinesOf(instance)), [], when)
  }

  /** Asserts, once the load has ended and both are in step, that both have all that anybody was promised, and the same. */
  async assertKept(t: ExecutionContext, when = 'at the end'): Promise<void> {
    const { both } = this.#lab
    await untilTold(...both)
    const written = this.acknowledged('replicated', 'alone')
    for (const each of both) {
      t.deepEqual(missing(written, await machinesOf(each)), [], `${when}: what was written is at ${each.side}`)
      const held = new Map((await leasesOf(each)).map(({ address, mac }) => [address, mac]))
      const lost = this.clients.ledger.filter(({ address, mac }) => held.get(address) !== mac)
      t.deepEqual(lost, [], `${when}: each lease is at ${each.side}`)
    }
    t.deepEqual(givenTwice(this.clients.ledger), [], `${when}: no address was given to two clients`)
    await sameOnBoth(t, this.#lab)
  }

  /** What went on, for the log. */
  figures(): string {
    const { length } = this.clients.ledger
    const slowest = Math.max(...this.writers.flatMap(({ ledger }) => ledger.map(({ milliseconds }) => milliseconds)))
    return `${this.count('replicated')} writes on both, ${this.count('alone')} on one, ${length} leases; slowest write ${Math.round(slowest)} ms`
  }
}

function missing(names: readonly string[], there: ReadonlySet<string>): string[] {
  return names.filter((name) => !there.has(name))
}
