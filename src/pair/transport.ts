import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { TLSSocket } from 'node:tls'
import type { Ipv4 } from '../net/ipv4.ts'
import { BeatSockets, type Target } from './beats.ts'
import type { Beat } from './contact.ts'
import type { Incoming } from './files.ts'
import { frame, readOne } from './frames.ts'
import type { KnownPeer } from './joining.ts'
import { type Address, dial, fingerprintOf, type Identity, type Opening, wireOver } from './link.ts'
import type { LoaderFile } from './loaders.ts'
import type { Reach } from './messages.ts'
import type { Pair } from './pair.ts'
import { Redial } from './redial.ts'
import { TIMING } from './timing.ts'

/** Milliseconds without a byte after which a file isn't waited for. */
const FILE_MS = 10_000

/** Before a file's bytes; null: it isn't here. */
type FileHeader = { readonly size: number | null }

/** @property size bytes. */
export type FoundFile = { readonly path: string; readonly size: number }

type LoaderList = { readonly loaders: readonly LoaderFile[] }
/** Bytes; a dozen names with their hashes. */
const LARGEST_LIST = 16_384

export type TransportOptions = {
  readonly identity: Identity
  readonly peer: KnownPeer
  /** Where the other instance listens. */
  readonly at: Address
  /** Where machines reach this one. */
  readonly reach: Reach
  readonly debug: (message: string) => void
  readonly warn: (message: string) => void
}

/** What carries a pair's messages: the link, which the second instance opens, and the signs of life on the provisioning network. */
export class Transport {
  readonly #options: TransportOptions
  readonly #redial = new Redial()
  readonly #beats: BeatSockets
  readonly #key: Buffer
  #pair: Pair | undefined
  #timer: NodeJS.Timeout | undefined
  #isDialing = false
  #dialAt = 0
  #socket: TLSSocket | undefined

  constructor(options: TransportOptions) {
    const { peer, reach, warn } = options
    this.#options = options
    this.#key = Buffer.from(peer.key, 'base64')
    this.#beats = new BeatSockets({
      addresses: reach.interfaces.map(({ address }) => address),
      port: reach.beats,
      key: this.#key,
      received: (beat, ask) => this.#pair?.networkBeat(beat, ask),
      tell: warn
    })
  }

  /** Begins to carry a pair's messages. */
  start(pair: Pair): void {
    this.#pair = pair
    this.#timer = setInterval(() => this.#tick(pair), TIMING.beat)
    this.#tick(pair)
  }

  sendBeat(beat: Beat, ask: boolean): void {
    const reach = this.#pair?.peer?.reach
    if (reach) this.#beats.send(beat, ask, targetsOf(this.#options.reach, reach))
  }

  /** Takes a connection that the other instance opened, or this one. */
  connect(socket: TLSSocket): void {
    const pair = this.#pair
    if (pair === undefined) {
      socket.destroy()
      return
    }
    this.#socket = socket
    const wire = wireOver(socket, {
      message: (from, message) => this.#pair?.message(from, message),
      failed: ({ message }) => this.#options.warn(`the link is closed, for a message couldn't be taken: ${message}`),
      closed: (from) => {
        this.#pair?.disconnected(from)
        this.#dialAt = performance.now() + this.#redial.lost(performance.now())
      }
    })
    pair.connected(wire)
  }

  /** What the other instance has in the way of loaders; undefined where it can't be asked. */
  async listLoaders(): Promise<readonly LoaderFile[] | undefined> {
    if (this.#pair?.isConnected !== true) return undefined
    const socket = await this.#dial({ purpose: 'loaders' })
    const { message } = await readOne(socket, FILE_MS, LARGEST_LIST)
    socket.destroy()
    return (message as LoaderList).loaders
  }

  /** @returns undefined where the other instance can't be asked, or hasn't got the file. */
  async fetch(what: Opening & { purpose: 'file' | 'loader' }): Promise<Incoming | undefined> {
    if (this.#pair?.isConnected !== true) return undefined
    const socket = await this.#dial(what)
    const { message, rest } = await readOne(socket, FILE_MS)
    const { size } = message as FileHeader
    if (size === null) {
      socket.destroy()
      return undefined
    }
    if (rest.length > 0) socket.unshift(rest)
    socket.setTimeout(FILE_MS, () => socket.destroy(new Error('nothing came any more')))
    return { size, content: socket }
  }

  /** Carries nothing any more. What was sent still leaves. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    const pair = this.#pair
    this.#pair = undefined
    pair?.stop()
    this.#socket?.end()
    await this.#beats.close()
  }

  async #dial(opening: Opening): Promise<TLSSocket> {
    const { at, identity, peer } = this.#options
    return (await dial(at, identity, fingerprintOf(peer.cert), opening)).socket
  }

  #tick(pair: Pair): void {
    pair.tick()
    const { at, identity, peer, debug } = this.#options
    if (pair.slot === 0 || pair.isConnected || this.#isDialing || performance.now() < this.#dialAt) return
    this.#isDialing = true
    dial(at, identity, fingerprintOf(peer.cert), { purpose: 'link' })
      .then(
        ({ socket }) => this.connect(socket),
        (error: Error) => debug(`${peer.instance} at ${at.address}:${at.port}: ${error.message}`)
      )
      .finally(() => {
        this.#isDialing = false
      })
  }
}

/** Sends a file to the other instance: its size, or that it isn't here, then its bytes. */
export async function sendFile(found: Promise<FoundFile | undefined>, socket: TLSSocket): Promise<void> {
  try {
    const file = await found
    socket.write(frame({ size: file?.size ?? null } satisfies FileHeader))
    if (file === undefined) socket.end()
    else await pipeline(createReadStream(file.path), socket)
  } catch {
    socket.destroy()
  }
}

/** Tells the other instance which loaders it may have. */
export async function sendList(offered: Promise<readonly LoaderFile[]>, socket: TLSSocket): Promise<void> {
  socket.end(frame({ loaders: await offered } satisfies LoaderList))
}

/** For each own address the other's on the same network. */
function targetsOf(own: Reach, other: Reach): Target[] {
  return own.interfaces.flatMap(({ address, network }) =>
    other.interfaces
      .filter((each) => each.network === network && each.address !== address)
      .map((each): Target => ({ from: address, to: each.address as Ipv4, port: other.beats }))
  )
}
