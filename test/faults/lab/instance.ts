import { readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, findAccess } from '../../../src/cli/client.ts'
import { type Running, start } from '../../e2e/lab/process.ts'
import { waitFor } from '../../e2e/lab/wait.ts'
import { addressOf, cardOf, type Networks, other, type Side } from './networks.ts'

/** The source tree that is tested. */
export const TREE = resolve(import.meta.dirname, '../../..')
const PAIR_PORT = 8444

/** What the tests look at in `pair status`. */
export type Status = {
  state: string
  connected: boolean
  clockSkewSeconds: number
  warning?: string
  lastContact: { link: string | null; network: string | null }
  behind: { ops: number; leases: number }
  receiving: { done: number; total: number } | null
  sole: { othersAddressesFrom: string } | null
}

/** How an instance is started. */
export type Setup = {
  /** Where its program is. */
  tree: string
  /** What is put before its command line. */
  before: readonly string[]
  /** Seconds. */
  mclt: number
}

/** One of the two daemons, as it is installed, on a computer of its own. */
export class Instance {
  readonly side: Side
  readonly state: string
  readonly #namespace: string
  readonly #config: string
  readonly #log: string
  readonly setup: Setup = { tree: TREE, before: [], mclt: 600 }
  #running: Running | undefined
  #client: Client | undefined

  constructor(side: Side, networks: Networks, folder: string) {
    this.side = side
    this.#namespace = networks.namespaceOf(side)
    this.state = join(folder, side)
    this.#config = join(folder, `${side}.yaml`)
    this.#log = join(folder, `${side}.log`)
  }

  /** REST. It fails at once while the daemon isn't there. */
  get client(): Client {
    if (this.#client === undefined) throw new Error(`${this.side} was never started`)
    return this.#client
  }

  get pid(): number {
    if (this.#running === undefined) throw new Error(`${this.side} doesn't run`)
    return this.#running.pid
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const { tree, before, mclt } = this.setup
    await writeFile(this.#config, configuration(this.side, this.state, mclt))
    // Where the daemon was killed, it is the earlier one's.
    await rm(join(this.state, 'admin.url'), { force: true })
    const program = [...before, join(tree, 'bin/tandem'), 'serve', '--config', this.#config]
    const running = await start(['ip', 'netns', 'exec', this.#namespace, ...program], this.#log)
    this.#running = running
    await waitFor(`${this.side} answers`, 120, async () => {
      if (running.exitCode() !== undefined) throw new Error(`${this.side} ended:\n${await this.log()}`)
      try {
        this.#client = new Client(findAccess(this.state, {}))
        await this.status()
        return true
      } catch {
        return false
      }
    })
  }

  async stop(): Promise<void> {
    this.thaw()
    await this.#running?.stop(30_000)
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#running?.kill()
  }

  freeze(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  thaw(): void {
    if (this.#running?.exitCode() === undefined && this.#running) process.kill(this.pid, 'SIGCONT')
  }

  status(): Promise<Status> {
    return this.client.json<Status>('GET', '/pair')
  }

  log(): Promise<string> {
    return readFile(this.#log, 'utf8')
  }

  /** Waits until it is in one of the states. @returns milliseconds that this took. */
  async until(...states: string[]): Promise<number> {
    return this.untilStatus(`${states.join(' or ')} at ${this.side}`, ({ state }) => states.includes(state))
  }

  /** Asks a hundred times a second. @returns milliseconds that it took. @throws when it isn't so in two minutes. */
  async untilStatus(what: string, holds: (status: Status) => boolean): Promise<number> {
    const from = performance.now()
    for (;;) {
      const status = await this.status()
      const passed = performance.now() - from
      if (holds(status)) return passed
      if (passed > 120_000) throw new Error(`waited in vain: ${what}; it is ${JSON.stringify(status)}`)
      await sleep(10)
    }
  }
}

function configuration(side: Side, state: string, mclt: number): string {
  return `instance: ${side}
state: ${state}
provisioning:
  interfaces: [{ name: ${cardOf('prov')}, address: ${addressOf('prov', side)} }]
pair:
  listen: ${addressOf('link', side)}:${PAIR_PORT}
  peer: ${pairAddress(other(side))}
  mclt: ${mclt}
admin:
  listen: ${addressOf('admin', side)}:8443
`
}

export function pairAddress(side: Side): string {
  return `${addressOf('link', side)}:${PAIR_PORT}`
}
