import type { RequestState } from '../../src/boot/addresses.ts'
import type { Client as DhcpClient, Grant } from '../../src/boot/client.ts'
import { type FirmwareName, firmwareByName } from '../../src/net/firmware.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import type { Mac } from '../../src/net/mac.ts'
import { isOwnBucket } from '../../src/pair/shares.ts'
import type { Node } from './node.ts'
import type { Random, World } from './world.ts'

/** Milliseconds between a packet and the same once more, after which it is given up. */
const RETRY = 4000
const TRIES = 4
/** After a vain attempt. */
const PAUSE = 60_000

type Lease = { readonly address: Ipv4; readonly server: Node; readonly since: number; readonly seconds: number }

/** A client as RFC 2131 has it, on a network that loses and repeats packets. Its clock is the world's. */
export class Client {
  readonly mac: Mac
  readonly name: string
  /** The instances that it can't reach. */
  readonly unreachable = new Set<Node>()
  lease: Lease | undefined
  readonly #world: World
  readonly #nodes: readonly Node[]
  readonly #random: Random
  readonly #onLease: (client: Client) => void
  readonly #firmware: FirmwareName
  /** Counts what it began: answers to what it gave up don't count. */
  #turn = 0
  #previous: Ipv4 | undefined

  constructor(
    mac: Mac,
    world: World,
    nodes: readonly Node[],
    onLease: (client: Client) => void,
    firmware: FirmwareName = 'os'
  ) {
    this.#firmware = firmware
    this.mac = mac
    this.name = `client ${mac.slice(-2)}`
    this.#world = world
    this.#nodes = nodes
    this.#random = world.random(this.name)
    this.#onLease = onLease
  }

  /** The address that it uses now. */
  get address(): Ipv4 | undefined {
    const { lease } = this
    return lease !== undefined && this.#world.time < lease.since + lease.seconds * 1000 ? lease.address : undefined
  }

  /** Power-on: it remembers its last address, or doesn't. */
  boot(remembers: boolean): void {
    this.#previous = this.lease?.address ?? this.#previous
    this.lease = undefined
    if (remembers && this.#previous !== undefined) this.#ask('init-reboot', this.#previous)
    else this.#discover()
  }

  off(): void {
    this.#turn += 1
    this.#previous = this.lease?.address ?? this.#previous
    this.lease = undefined
  }

  release(): void {
    const { lease } = this
    if (lease === undefined) return
    this.off()
    this.#send(lease.server, (node) =>
      node.does(({ allocator }) => {
        const ending = allocator.release(this.#toward(node), lease.address)
        if (!ending.refused)
          void allocator.commit([{ kind: 'release', client: this.#toward(node), address: lease.address }])
      })
    )
  }

  #discover(attempt = 1, turn = ++this.#turn): void {
    if (turn !== this.#turn) return
    if (attempt > TRIES) {
      this.#later(PAUSE, turn, () => this.#discover())
      return
    }
    let taken = false
    for (const node of this.#nodes) {
      this.#send(node, () =>
        node.does(({ allocator, pair }) => {
          if (!this.#isServedBy(node, pair.isGone(), attempt)) return
          const offer = allocator.offer(this.#toward(node), this.#previous)
          if ('refused' in offer) return
          this.#receive(turn, () => {
            if (taken) return
            taken = true
            this.#ask('selecting', offer.address, node)
          })
        })
      )
    }
    this.#later(RETRY, turn, () => {
      if (!taken) this.#discover(attempt + 1, turn)
    })
  }

  #ask(state: RequestState, address: Ipv4, server?: Node, attempt = 1, turn = ++this.#turn): void {
    const since = this.#world.time
    if (turn !== this.#turn) return
    if (attempt > TRIES) {
      if (state === 'selecting' || state === 'init-reboot') this.#later(PAUSE, turn, () => this.#discover())
      return
    }
    for (const node of state === 'renewing' && server ? [server] : this.#nodes) {
      this.#send(node, () => this.#request(node, state, address, server, attempt, turn, since))
    }
    this.#later(RETRY, turn, () => this.#ask(state, address, server, attempt + 1, turn))
  }

  #request(
    node: Node,
    state: RequestState,
    address: Ipv4,
    server: Node | undefined,
    attempt: number,
    turn: number,
    since: number
  ): void {
    node.does(async ({ allocator, pair }) => {
      const isNamed = state === 'selecting' && server !== undefined
      if (isNamed && server !== node && !pair.isGone()) return
      if (!isNamed && state !== 'renewing' && !this.#isServedBy(node, pair.isGone(), attempt)) return
      const client = this.#toward(node)
      const grant = allocator.request(client, address, state)
      if ('refused' in grant) {
        if (grant.refused === 'nak' || (isNamed && server !== node)) this.#receive(turn, () => this.#refused())
        return
      }
      const { run } = node
      const impossible = await allocator.commit([{ kind: 'grant', client, grant }])
      if (impossible.size > 0 || node.run !== run) return
      // What a frozen process has to send waits until it goes on.
      node.does(() => this.#receive(turn, () => this.#bound(node, grant, since)))
    })
  }

  #bound(server: Node, { address, leaseTime }: Grant, since: number): void {
    this.#turn += 1
    this.lease = { address, server, since, seconds: leaseTime }
    this.#world.tell(`${this.name} has ${address} from ${server.name} for ${leaseTime} s`)
    this.#onLease(this)
    const turn = this.#turn
    const length = leaseTime * 1000
    const at = (part: number, run: () => void) =>
      this.#later(Math.max(0, since + length * part - this.#world.time), turn, run)
    at(0.5, () => this.#ask('renewing', address, server, 1, turn))
    at(0.7, () => this.#ask('renewing', address, server, 1, turn))
    at(7 / 8, () => this.#ask('rebinding', address, undefined, 1, turn))
    at(15 / 16, () => this.#ask('rebinding', address, undefined, 1, turn))
    at(1, () => {
      this.#previous = address
      this.lease = undefined
      this.#discover()
    })
  }

  #refused(): void {
    this.lease = undefined
    this.#previous = undefined
    this.#discover()
  }

  /** Which of the two answers: its half first, the other's when that is gone, or doesn't answer. */
  #isServedBy(node: Node, peerIsGone: boolean, attempt: number): boolean {
    return peerIsGone || attempt >= 3 || isOwnBucket(node.slot, Number.parseInt(this.mac.slice(-2), 16))
  }

  #toward(node: Node): DhcpClient {
    return {
      mac: this.mac,
      link: node.address,
      server: node.address,
      firmware: firmwareByName(this.#firmware),
      architectures: [],
      userClasses: []
    }
  }

  #send(node: Node, arrive: (node: Node) => void): void {
    if (this.unreachable.has(node) || this.#random.chance(0.05)) return
    for (let copy = this.#random.chance(0.03) ? 2 : 1; copy > 0; copy -= 1) {
      this.#world.after(this.#random.between(1, 400), () => arrive(node))
    }
  }

  #receive(turn: number, act: () => void): void {
    if (this.#random.chance(0.05)) return
    this.#world.after(this.#random.between(1, 400), () => {
      if (turn === this.#turn) act()
    })
  }

  #later(milliseconds: number, turn: number, act: () => void): void {
    this.#world.after(milliseconds, () => {
      if (turn === this.#turn) act()
    })
  }
}
