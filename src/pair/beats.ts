import { createHmac, timingSafeEqual } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import type { Beat } from './contact.ts'

/**
 * Signs of life over the provisioning network: datagrams of JSON behind its HMAC-SHA-256 under the pair's key, so that nobody
 * else there can make one, and a recorded one is known by its number (contact.ts).
 */

const MAC_BYTES = 32
/** Bytes, with room to spare. */
const LONGEST = 512

export function sealed(beat: Beat, ask: boolean, key: Buffer): Buffer {
  const body = Buffer.from(JSON.stringify({ ...beat, ask }))
  return Buffer.concat([hmac(body, key), body])
}

/** @returns undefined for what isn't the other instance's. */
export function opened(bytes: Buffer, key: Buffer): { beat: Beat; ask: boolean } | undefined {
  if (bytes.length <= MAC_BYTES || bytes.length > LONGEST) return undefined
  const body = bytes.subarray(MAC_BYTES)
  if (!timingSafeEqual(hmac(body, key), bytes.subarray(0, MAC_BYTES))) return undefined
  const { ask, ...beat } = JSON.parse(body.toString()) as Beat & { ask: boolean }
  return { beat, ask }
}

function hmac(body: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(body).digest()
}

export type Target = { readonly from: string; readonly to: string; readonly port: number }

/** The sockets for signs of life, one an own address. */
export class BeatSockets {
  readonly #sockets = new Map<string, Socket>()
  readonly #port: number
  readonly #received: (beat: Beat, ask: boolean) => void
  readonly #key: Buffer
  readonly #tell: (message: string) => void

  constructor(options: {
    readonly addresses: readonly string[]
    readonly port: number
    readonly key: Buffer
    readonly received: (beat: Beat, ask: boolean) => void
    readonly tell: (message: string) => void
  }) {
    this.#port = options.port
    this.#received = options.received
    this.#key = options.key
    this.#tell = options.tell
    for (const address of options.addresses) this.#open(address)
  }

  send(beat: Beat, ask: boolean, targets: readonly Target[]): void {
    const bytes = sealed(beat, ask, this.#key)
    for (const { from, to, port } of targets) {
      // What can't be sent isn't heard: that is what the other side is to find out.
      this.#sockets.get(from)?.send(bytes, port, to, () => {})
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#sockets.values()].map((socket) => new Promise<void>((resolve) => socket.close(resolve)))
    )
    this.#sockets.clear()
  }

  #open(address: string): void {
    const socket = createSocket({ type: 'udp4' })
    socket.on('message', (bytes) => {
      const sign = opened(bytes, this.#key)
      if (sign) this.#received(sign.beat, sign.ask)
    })
    socket.on('error', (error) => this.#tell(`no signs of life on ${address}:${this.#port}: ${error.message}`))
    socket.bind({ address, port: this.#port })
    this.#sockets.set(address, socket)
  }
}
