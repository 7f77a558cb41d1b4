import type { Beat } from '../../src/pair/contact.ts'
import type { Message } from '../../src/pair/messages.ts'
import type { Wire } from '../../src/pair/session.ts'
import type { Node } from './node.ts'
import type { Random, World } from './world.ts'

/** Milliseconds. */
const LINK_DELAY = [1, 40] as const
const BEAT_DELAY = [1, 300] as const

/** One direction between the two instances. */
export type Way = 'a>b' | 'b>a'
export const WAYS: readonly Way[] = ['a>b', 'b>a']

/** What is between the two instances: the pair link, and the provisioning network for signs of life. Each direction can be cut. */
export class Network {
  readonly #world: World
  readonly #random: Random
  readonly cutLink = new Set<Way>()
  readonly cutNetwork = new Set<Way>()
  /** Is told of each message over the link that is about to arrive. */
  arriving: (to: Node, message: Message) => void = () => {}
  #connection: Connection | undefined

  constructor(world: World) {
    this.#world = world
    this.#random = world.random('network')
  }

  wayFrom(node: Node): Way {
    return node.name === 'a' ? 'a>b' : 'b>a'
  }

  delay(): number {
    return this.#random.between(...LINK_DELAY)
  }

  /** The second instance asks for a connection; a handshake needs both directions, and both processes. */
  dial(from: Node, to: Node): void {
    if (this.cutLink.size > 0 || !to.isRunning || to.isFrozen) return
    this.#connection = new Connection(this, this.#world, from, to)
  }

  /** What a process that ends had open is closed by its kernel. */
  died(node: Node): void {
    this.#connection?.closedBy(node)
  }

  /** Signs of life are datagrams: they get lost, come twice, and overtake each other. */
  sendBeat(from: Node, to: Node, beat: Beat, ask: boolean): void {
    if (this.cutNetwork.has(this.wayFrom(from)) || this.#random.chance(0.05)) return
    const copies = this.#random.chance(0.05) ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      this.#world.after(this.#random.between(...BEAT_DELAY), () => to.deliver((pair) => pair.networkBeat(beat, ask)))
    }
  }

  cut(path: 'link' | 'network', way: Way): void {
    ;(path === 'link' ? this.cutLink : this.cutNetwork).add(way)
  }

  heal(path: 'link' | 'network', way: Way): void {
    ;(path === 'link' ? this.cutLink : this.cutNetwork).delete(way)
    if (path === 'link') this.#connection?.flush(way)
  }
}

/** A TCP connection: in order, without loss; while a direction is cut, what is sent there waits, its end too. */
class Connection {
  readonly #network: Network
  readonly #world: World
  readonly #held: Record<Way, (() => void)[]> = { 'a>b': [], 'b>a': [] }
  readonly #lastAt: Record<Way, number> = { 'a>b': 0, 'b>a': 0 }
  readonly #ends: { readonly node: Node; readonly run: number; readonly wire: Wire; isOpen: boolean }[]

  constructor(network: Network, world: World, one: Node, other: Node) {
    this.#network = network
    this.#world = world
    this.#ends = [one, other].map((node, index) => ({
      node,
      run: node.run,
      isOpen: true,
      wire: {
        send: (message) => this.#send(index, message),
        close: () => this.#close(index)
      }
    }))
    for (const { node, wire } of this.#ends) node.deliver((pair) => pair.connected(wire))
  }

  closedBy(node: Node): void {
    const index = this.#ends.findIndex((each) => each.node === node)
    this.#close(index)
  }

  flush(way: Way): void {
    for (const deliver of this.#held[way].splice(0)) this.#later(way, deliver)
  }

  #send(index: number, message: Message): void {
    const [from, to] = [this.#ends[index], this.#ends[1 - index]]
    if (from === undefined || to === undefined || !from.isOpen) return
    const text = JSON.stringify(message)
    this.#transmit(from.node, () => {
      this.#network.arriving(to.node, message)
      if (to.isOpen && to.node.run === to.run) to.node.deliver((pair) => pair.message(to.wire, JSON.parse(text)))
    })
  }

  #close(index: number): void {
    const [from, to] = [this.#ends[index], this.#ends[1 - index]]
    if (from === undefined || to === undefined || !from.isOpen) return
    from.isOpen = false
    this.#transmit(from.node, () => {
      if (!to.isOpen) return
      to.isOpen = false
      if (to.node.run === to.run) to.node.deliver((pair) => pair.disconnected(to.wire))
    })
  }

  #transmit(from: Node, deliver: () => void): void {
    const way = this.#network.wayFrom(from)
    if (this.#network.cutLink.has(way)) this.#held[way].push(deliver)
    else this.#later(way, deliver)
  }

  #later(way: Way, deliver: () => void): void {
    const at = Math.max(this.#lastAt[way], this.#world.time + this.#network.delay())
    this.#lastAt[way] = at
    this.#world.after(at - this.#world.time, () => {
      if (this.#network.cutLink.has(way)) this.#held[way].push(deliver)
      else deliver()
    })
  }
}
