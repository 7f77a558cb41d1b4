import { setTimeout as sleep } from 'node:timers/promises'
import type { Instance } from './instance.ts'

/** What became of a write: on both instances, on one, or nobody knows, as no answer came. */
export type Outcome = 'replicated' | 'alone' | 'unanswered'
export type Write = {
  readonly name: string
  readonly by: string
  readonly outcome: Outcome
  readonly milliseconds: number
}

const PAUSE_MS = 10

/** Registers machine after machine at one instance, and keeps a ledger of what was acknowledged. */
export class Writer {
  readonly ledger: Write[] = []
  readonly #instance: Instance
  readonly #prefix: string
  #count = 0
  #isStopped = false
  #ended: Promise<void> | undefined

  /** @param prefix of the machines' names; a number that no other writer has. */
  constructor(instance: Instance, prefix: number) {
    this.#instance = instance
    this.#prefix = prefix.toString(16).padStart(2, '0')
  }

  start(): this {
    this.#isStopped = false
    this.#ended = this.#run()
    return this
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#ended
  }

  acknowledged(...outcomes: Outcome[]): string[] {
    return this.ledger.filter(({ outcome }) => outcomes.includes(outcome)).map(({ name }) => name)
  }

  /** One write. It waits as long as the instance does. */
  async write(): Promise<Write> {
    const number = this.#count++
    const name = `w${this.#prefix}-${number}`
    const from = performance.now()
    const outcome = await this.#instance.client
      .json<{ replicated: boolean }>('POST', '/machines', { name, interfaces: [{ mac: this.#mac(number) }] })
      .then(
        ({ replicated }): Outcome => (replicated ? 'replicated' : 'alone'),
        (): Outcome => 'unanswered'
      )
    const write = { name, by: this.#instance.side, outcome, milliseconds: performance.now() - from }
    this.ledger.push(write)
    return write
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.write()
      await sleep(PAUSE_MS)
    }
  }

  #mac(number: number): string {
    const digits = `52540${'0'}${this.#prefix}${number.toString(16).padStart(4, '0')}`
    return digits.match(/../g)?.join(':') as string
  }
}
