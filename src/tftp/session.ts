import type { Delivery } from '../net/datagrams.ts'
import type { Endpoint } from '../net/endpoint.ts'
import { encode, MalformedPacket, type Packet, tryDecode } from './codec.ts'
import { type FrameCache, FrameReader } from './frames.ts'
import { type Source, SourceFailed } from './source.ts'
import type { TransferChannel } from './surroundings.ts'
import {
  begin,
  bytesTaken,
  deadlineOf,
  isAbandoned,
  type Plan,
  step,
  type Transfer,
  type TransferEnd,
  type TransferEvent,
  type TransferStep
} from './transfer.ts'

export type SessionParameters = {
  readonly channel: TransferChannel
  readonly source: Source
  readonly plan: Plan
  readonly frames: FrameCache
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

/**
 * One transfer: does on a socket and a file what the steps of transfer.ts say. What is to be sent leaves in turns
 * ({@link sendSome}), so that those with long windows don't keep the others waiting.
 */
export class Session {
  readonly plan: Plan
  /** What the system last said when a packet could not be sent: why the client seems silent. */
  sendError: string | undefined
  readonly #channel: TransferChannel
  readonly #source: Source
  readonly #frames: FrameReader
  readonly #now: () => number
  #state: Transfer
  /** The blocks that are still to leave. */
  #next = 1
  #left = 0
  /** The system takes no more for now. */
  #isBlocked = false

  /** Opens nothing: the channel and the source are open, and closed at the end. */
  constructor({ channel, source, plan, frames, now }: SessionParameters) {
    this.plan = plan
    this.#channel = channel
    this.#source = source
    this.#frames = new FrameReader(frames, source, plan.blockSize)
    this.#now = now
    const first = begin(plan, now())
    this.#state = first.state
    this.#carryOut(first)
  }

  get end(): TransferEnd | undefined {
    return this.#state.phase === 'ended' ? this.#state.end : undefined
  }

  /** Whether a further request from the client's port is a new one. */
  get isAbandoned(): boolean {
    return isAbandoned(this.#state, this.#now())
  }

  /** Bytes of the file that the client has taken. */
  get taken(): number {
    if (this.#state.phase === 'running') return bytesTaken(this.#state)
    return this.#state.end.how === 'done' ? this.plan.size : 0
  }

  /** Whether it is its turn. */
  get isSending(): boolean {
    return this.#left > 0 && !this.#isBlocked
  }

  /** A datagram from the client. */
  receive(bytes: Uint8Array): MalformedPacket | undefined {
    const packet = ackOf(bytes) ?? tryDecode(bytes)
    if (packet instanceof MalformedPacket) return packet
    this.#advance({ type: 'packet', packet })
    return undefined
  }

  /** Sends again what was waited for long enough. */
  tick(): void {
    // What hasn't left yet can't be answered.
    if (this.#state.phase === 'ended' || this.isSending) return
    if (this.#now() >= deadlineOf(this.#state)) this.#advance({ type: 'timeout' })
  }

  /** The system takes packets again. */
  unblock(): void {
    this.#isBlocked = false
  }

  sendTo(bytes: Uint8Array, to: Endpoint): void {
    this.#channel.sendTo(bytes, to)
  }

  /** ICMP says that nobody takes the packets. */
  unreachable(): void {
    this.#advance({ type: 'unreachable' })
  }

  stop(reason: string, tell: boolean): void {
    this.#advance({ type: 'stop', reason, tell })
  }

  /** Sends of the blocks that are to leave what goes in one call. */
  sendSome(): void {
    if (!this.isSending) return
    try {
      const run = this.#frames.read(this.#next, this.#left)
      const { taken, delivery } = this.#channel.sendRun(run)
      this.#next += taken
      this.#left -= taken
      this.#isBlocked = delivery === 'full'
      if (this.#isBlocked) this.#channel.awaitRoom()
      else this.#lost(delivery)
    } catch (error) {
      if (!(error instanceof SourceFailed)) throw error
      this.#advance({ type: 'unreadable', message: error.message })
    }
  }

  /** Frees the socket and the file. */
  close(): void {
    this.#channel.close()
    this.#source.close()
  }

  #advance(event: TransferEvent): void {
    this.#carryOut(step(this.#state, event, this.#now()))
  }

  #carryOut({ state, sends }: TransferStep): void {
    this.#state = state
    if (state.phase === 'ended') this.#left = 0
    for (const send of sends) {
      if (send.type === 'blocks') {
        this.#next = send.first
        this.#left = send.count
      } else {
        this.#lost(this.#channel.send(encode(send.packet)))
      }
    }
  }

  /** What couldn't be sent counts as lost on the way, and the rest of its window with it. */
  #lost(delivery: Delivery): void {
    if (delivery === 'sent' || delivery === 'full') return
    this.#left = 0
    if (delivery === 'gone') this.unreachable()
    else this.sendError = delivery.message
  }
}

/** An ACK, of which there are as many as blocks, without a detour. */
function ackOf(bytes: Uint8Array): Packet | undefined {
  if (bytes.length !== 4 || bytes[0] !== 0 || bytes[1] !== 4) return undefined
  return { type: 'ACK', block: (bytes[2] as number) * 256 + (bytes[3] as number) }
}
