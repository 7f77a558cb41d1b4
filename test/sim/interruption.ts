import type { Message } from '../../src/pair/messages.ts'
import { type Network, WAYS } from './network.ts'
import type { Node } from './node.ts'
import type { Action } from './schedule.ts'
import type { World } from './world.ts'

/** Milliseconds until somebody has looked after it. */
const REPAIR = 180_000

type Trouble = Action & { kind: 'interrupt' }

/** What goes wrong just while one instance receives the whole inventory of the other. */
export class Interruption {
  readonly #world: World
  readonly #network: Network
  #next: Trouble | undefined
  #count = 0
  hasStruck = false

  constructor(world: World, network: Network) {
    this.#world = world
    this.#network = network
    network.arriving = (to, message) => this.#arriving(to, message)
  }

  plan(trouble: Trouble): void {
    this.#next = trouble
    this.#count = 0
  }

  #arriving(to: Node, { type }: Message): void {
    if (this.#next === undefined || !['snapshot', 'part', 'snapshot-end'].includes(type)) return
    this.#count += 1
    if (this.#count < this.#next.message) return
    const { what } = this.#next
    this.#next = undefined
    this.hasStruck = true
    this.#world.tell(`while ${to.name} receives everything: the ${what} fails`)
    if (what === 'link') this.#cut()
    else this.#kill(what === 'receiver' ? to : to.peer)
  }

  #cut(): void {
    for (const way of WAYS) this.#network.cut('link', way)
    this.#world.after(REPAIR, () => {
      for (const way of WAYS) this.#network.heal('link', way)
    })
  }

  #kill(node: Node): void {
    if (!node.isRunning) return
    node.kill()
    this.#world.after(REPAIR, () => {
      if (!node.isRunning && !node.isLost) node.start()
    })
  }
}
