import { BootRefusal } from '../../src/boot/service.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { told } from '../support/boot.ts'
import type { Client } from './client.ts'
import type { Installs } from './installs.ts'
import type { Node, Parts } from './node.ts'
import type { Random, World } from './world.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** iPXE's --timeout, and wget's. */
const TIMEOUT = 10 * SECOND
/** How often a report is sent to an instance, the last one more often. */
const TRIES = 5
const LAST_TRIES = 12
/** How often an installer asks both for its file: a person looks after it some time. */
const FILE_TRIES = 20

type Stage = Parameters<Installs['report']>[3]
type Urls = { readonly preseed: string | null; readonly status: string | null }

/** A machine that boots from the network: its firmware's DHCP client, iPXE, the installer, and a disk. */
export class Host {
  readonly client: Client
  /** What the disk bears of the generations that were installed on it. */
  #marks: readonly string[] = []
  /** Counts what was switched on and off: what an earlier power-on began has ended. */
  #power = 0
  #isBooting = false
  readonly #world: World
  readonly #nodes: readonly Node[]
  readonly #random: Random
  readonly #installs: Installs
  readonly #isGuarded: boolean

  constructor(options: { client: Client; world: World; nodes: readonly Node[]; installs: Installs; guarded: boolean }) {
    this.client = options.client
    this.#world = options.world
    this.#nodes = options.nodes
    this.#installs = options.installs
    this.#isGuarded = options.guarded
    this.#random = options.world.random(`host ${options.client.mac}`)
  }

  /** Power-on, and power-cycle. */
  boot(remembers: boolean): void {
    this.#power += 1
    this.#isBooting = true
    this.client.boot(remembers)
  }

  off(): void {
    this.#power += 1
    this.#isBooting = false
    this.client.off()
  }

  /** Its DHCP client has an address. @param server the instance that the answer names for the script. */
  leased(server: Node): void {
    if (!this.#isBooting) return
    this.#isBooting = false
    void this.#run(server)
  }

  /** iPXE: the instance that DHCP named is asked for the script, then the other one, until there is something to start. */
  async #run(first: Node): Promise<void> {
    const { mac } = this.client
    for (;;) {
      const script = await this.#askInTurn([first, first.peer], (node, parts, from) =>
        this.#installs.script(node, parts, mac, from)
      )
      const action = script?.decision.action
      if (script !== undefined) this.#world.tell(`${this.client.name} is told to ${action}`)
      if (script !== undefined && action === 'install') {
        await this.#install(told(script.text).urls)
        return
      }
      if (action !== undefined && action !== 'wait') return
      await this.#pause(5 * MINUTE)
    }
  }

  async #install(urls: readonly Urls[]): Promise<void> {
    await this.#pause(this.#random.between(20, 90) * SECOND)
    const marker = await this.#fetchMarker(urls)
    if (marker === undefined) return
    const { name } = this.client
    void this.#report(urls, 'fetched', TRIES)
    await this.#pause(this.#random.between(5, 60) * SECOND)
    void this.#report(urls, 'partitioning', TRIES)
    if (this.#isGuarded && this.#marks.includes(marker)) {
      this.#world.tell(`${name} bears ${marker}: it is installed already`)
    } else {
      this.#world.tell(`${name} is wiped for ${marker}`)
      this.#installs.wiped(name, marker)
      await this.#pause(this.#random.between(1, 5) * MINUTE)
      void this.#report(urls, 'installing', TRIES)
      await this.#pause(this.#random.between(4, 20) * MINUTE)
      if (this.#random.chance(0.05)) {
        await this.#report(urls, 'failed', TRIES)
        return
      }
      this.#marks = [marker, ...this.#marks]
      this.#world.tell(`${name} bears ${marker}`)
      this.#installs.installed(name, marker)
    }
    await this.#report(urls, 'installed', LAST_TRIES)
    this.boot(this.#random.chance(0.5))
  }

  /** The install file names the generation. */
  async #fetchMarker(urls: readonly Urls[]): Promise<string | undefined> {
    for (let attempt = 0; attempt < FILE_TRIES; attempt += 1) {
      for (const { preseed } of urls) {
        const { node, token } = this.#endOf(preseed as string)
        const file = await this.#ask(node, async (_node, { boot }, from) => boot.preseed(token, from, node.address))
        if (file !== undefined && !(file instanceof BootRefusal)) return told(file.text).marker as string
      }
      await this.#pause(MINUTE)
    }
    return undefined
  }

  async #report(urls: readonly Urls[], stage: Stage, tries: number): Promise<void> {
    const post = async (url: string) => {
      const { node, token } = this.#endOf(url)
      for (let attempt = 0; attempt < tries; attempt += 1) {
        const taken = await this.#ask(node, (there, parts, from) =>
          this.#installs.report(there, parts, token, stage, from)
        )
        // wget tries again where nothing came, or the instance couldn't, and not where it was refused.
        if (taken !== undefined) return
        await this.#pause(10 * SECOND)
      }
    }
    await Promise.all(urls.map(({ status }) => post(status as string)))
  }

  #endOf(url: string): { node: Node; token: string } {
    const { hostname, pathname } = new URL(url)
    const node = this.#nodes.find(({ address }) => address === hostname) as Node
    return { node, token: pathname.split('/')[3] as string }
  }

  async #askInTurn<T>(
    nodes: readonly Node[],
    request: (node: Node, parts: Parts, from: Ipv4) => Promise<T>
  ): Promise<T | undefined> {
    for (const node of nodes) {
      const answer = await this.#ask(node, request)
      if (answer !== undefined && !(answer instanceof BootRefusal)) return answer
    }
    return undefined
  }

  /** An HTTP request. @returns undefined where nothing came in time. */
  #ask<T>(
    node: Node,
    request: (node: Node, parts: Parts, from: Ipv4) => Promise<T>
  ): Promise<T | BootRefusal | undefined> {
    return new Promise((resolve) => {
      this.#later(TIMEOUT, () => resolve(undefined))
      this.#transmit(node, () => {
        const answer = (value: T | BootRefusal | undefined) =>
          this.#transmit(node, () => this.#later(0, () => resolve(value)))
        const { run } = node
        const from = this.client.address
        if (!node.isRunning || from === undefined) answer(undefined)
        node.does(async (parts) => {
          if (from === undefined || !parts.pair.isWhole) return answer(undefined)
          const value = await request(node, parts, from).catch((error: Error) => this.#failed(error))
          // A process that was killed answers nothing, a frozen one when it goes on.
          if (node.run === run) node.does(() => answer(value))
        })
      })
    })
  }

  #failed(error: Error): BootRefusal | undefined {
    if (!(error instanceof BootRefusal)) return this.#installs.broken(error)
    this.#world.tell(`${this.client.name} is refused: ${error.message}`)
    return error
  }

  #transmit(node: Node, deliver: () => void): void {
    if (this.client.unreachable.has(node) || this.#random.chance(0.03)) return
    this.#world.after(this.#random.between(1, 400), deliver)
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#later(milliseconds, resolve))
  }

  #later(milliseconds: number, act: () => void): void {
    const power = this.#power
    this.#world.after(milliseconds, () => {
      if (power === this.#power) act()
    })
  }
}
