import { isDeepStrictEqual } from 'node:util'
import { ClientCount } from '../net/client-limits.ts'
import type { Endpoint } from '../net/endpoint.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import { encode, errorPacket, MalformedPacket, type Request, tryDecode } from './codec.ts'
import type { BootFile } from './files.ts'
import { FrameCache } from './frames.ts'
import type { TftpLimits } from './limits.ts'
import { blockSizeFor, negotiate } from './negotiate.ts'
import { Progress } from './progress.ts'
import {
  type Refusal,
  refusalAsBusy,
  refusalAsMissing,
  refusalAsStopped,
  refusalOfFault,
  refusalOfKind
} from './refusal.ts'
import { type Answer, describeAnswer, describeEnd, describeRequest } from './report.ts'
import { Session } from './session.ts'
import { Sources } from './sources.ts'
import type { Ears, FileAnswer, Surroundings, TransferChannel } from './surroundings.ts'
import type { Plan, TransferEnd } from './transfer.ts'

/** What a client's port is busy with, from its request until the port of its transfer is closed. */
type Transfer = {
  readonly number: number
  readonly request: Request
  readonly client: Endpoint
  readonly local: Ipv4
  readonly begun: number
  readonly progress: Progress
  /** Undefined while the file is looked for. */
  session?: Session
}

/** Milliseconds between two words on how far transfers are. */
const BETWEEN_WORDS = 250

/**
 * The read-only TFTP server itself: RFC 1350 in the modes octet and netascii, with the options of negotiate.ts. It knows no
 * sockets, threads or timers: what drives it calls `receive`, `answer`, and in each turn `run` and `tick`.
 */
export class Engine {
  readonly #around: Surroundings
  readonly #limits: TftpLimits
  readonly #frames: FrameCache
  readonly #sources = new Sources()
  /** By the client's address and port. */
  readonly #transfers = new Map<string, Transfer>()
  readonly #asked = new Map<number, Transfer>()
  readonly #clients: ClientCount
  /** Those with something to send, which take turns. */
  readonly #sending = new Set<Transfer>()
  #count = 0
  #wordsAt = 0

  /** @param memory bytes for what was read of files. */
  constructor(around: Surroundings, limits: TftpLimits, memory: number) {
    this.#around = around
    this.#limits = limits
    this.#clients = new ClientCount(limits.clients)
    this.#frames = new FrameCache(memory)
  }

  get transfers(): number {
    return this.#transfers.size
  }

  get isSending(): boolean {
    return this.#sending.size > 0
  }

  /** A datagram at the listening port. */
  receive(bytes: Uint8Array, client: Endpoint, local: Ipv4): void {
    // RFC 768: port 0 is no sender's. Nobody could be answered there.
    if (client.port === 0) return
    const packet = tryDecode(bytes)
    if (packet instanceof MalformedPacket) {
      this.#stray(client, `${bytes.length} bytes`, `nothing: ${packet.message}`, 'malformed')
    } else if (packet.type === 'RRQ' || packet.type === 'WRQ') {
      this.#request(packet, client, local)
    } else {
      this.#stray(client, packet.type, 'nothing: no request', 'stray')
    }
  }

  /** The file that was asked for. */
  answer(number: number, answer: FileAnswer): void {
    const transfer = this.#asked.get(number)
    this.#asked.delete(number)
    if (transfer === undefined) return
    try {
      if ('file' in answer) this.#start(transfer, answer.file)
      else this.#refuse(transfer, 'missing' in answer ? refusalAsMissing(answer.missing) : refusalOfFault(answer.fault))
    } catch (error) {
      this.#refuse(transfer, refusalOfFault((error as Error).message))
    }
  }

  /** Each transfer with something to send sends what goes in one call. */
  run(): void {
    for (const transfer of this.#sending) {
      const { session } = transfer
      session?.sendSome()
      if (!session?.isSending) this.#sending.delete(transfer)
      if (session) this.#settle(transfer, session)
    }
  }

  /** Sends again what was waited for long enough, and tells how far the transfers are. To be called every few milliseconds. */
  tick(): void {
    const now = this.#around.now()
    const tells = now - this.#wordsAt >= BETWEEN_WORDS
    if (tells) this.#wordsAt = now
    for (const transfer of this.#transfers.values()) {
      const { session } = transfer
      if (session === undefined) continue
      session.tick()
      this.#settle(transfer, session)
      if (tells && session.end === undefined) transfer.progress.reach(session.taken, session.plan.size)
    }
  }

  /** Ends all transfers, telling their clients. */
  stop(reason: string): void {
    for (const transfer of this.#transfers.values()) {
      if (transfer.session) this.#stopSession(transfer, transfer.session, reason, true)
      else this.#refuse(transfer, refusalAsStopped(reason))
    }
  }

  #request(request: Request, client: Endpoint, local: Ipv4): void {
    const earlier = this.#transfers.get(keyOf(client))
    if (earlier && isRepeated(request, earlier)) {
      this.#stray(client, describeRequest(request), 'nothing: its transfer is running', 'duplicate')
      return
    }
    if (earlier?.session) this.#stopSession(earlier, earlier.session, 'the client asked anew', false)
    else if (earlier) this.#forget(earlier)
    const number = ++this.#count
    const progress = new Progress(this.#around, number, client.address, request.file)
    const transfer: Transfer = { number, request, client, local, begun: this.#around.now(), progress }
    const refusal = refusalOfKind(request) ?? this.#enter(client.address)
    if (refusal) {
      this.#refuse(transfer, refusal)
      return
    }
    this.#transfers.set(keyOf(client), transfer)
    this.#asked.set(number, transfer)
    this.#around.ask(number, request.file, client.address, local)
  }

  /** Counts one more of a client's, unless there are too many. */
  #enter(client: Ipv4): Refusal | undefined {
    const why = this.#clients.enter(client)
    return why === undefined ? undefined : refusalAsBusy(why)
  }

  /** @throws the system's error when there is no socket to be had, and {@link SourceFailed}. */
  #start(transfer: Transfer, file: BootFile): void {
    const { request, client, local, number } = transfer
    const source = this.#sources.open(file, request.mode, number)
    let channel: TransferChannel
    try {
      channel = this.#around.open(local, client, this.#earsOf(transfer))
    } catch (error) {
      source.close()
      throw error
    }
    const { patience, tries, maxWindowSize, maxWindowBytes } = this.#limits
    const limits = {
      maxBlockSize: this.#limits.maxBlockSize ?? blockSizeFor(channel.mtu),
      maxWindowSize,
      maxWindowBytes
    }
    const { size } = source
    const plan: Plan = { ...negotiate(request.options, size, limits), size, patience, tries }
    const session = new Session({ channel, source, plan, frames: this.#frames, now: this.#around.now })
    transfer.session = session
    this.#report(transfer, describeAnswer(plan))
    this.#settle(transfer, session)
  }

  #earsOf(transfer: Transfer): Ears {
    const withSession = (then: (session: Session) => void) => {
      const { session } = transfer
      if (session === undefined) return
      then(session)
      this.#settle(transfer, session)
    }
    return {
      heard: (bytes) =>
        withSession((session) => {
          const malformed = session.receive(bytes)
          if (!malformed) return
          const asked = `${bytes.length} bytes to a transfer's port`
          this.#stray(transfer.client, asked, `nothing: ${malformed.message}`, 'malformed')
        }),
      overheard: (bytes, from) => withSession((session) => this.#overheard(session, bytes, from)),
      gone: () => withSession((session) => session.unreachable()),
      room: () => withSession((session) => session.unblock())
    }
  }

  #overheard(session: Session, bytes: Uint8Array, from: Endpoint): void {
    const packet = tryDecode(bytes)
    if (packet instanceof MalformedPacket || packet.type === 'ERROR') {
      // An ERROR is never answered: two servers that take each other for a lost client would go on for ever.
      this.#stray(from, `${bytes.length} bytes to another client's transfer`, 'nothing', 'stray')
    } else {
      // RFC 1350, section 4: the sender learns of its mistake, and the transfer goes on.
      session.sendTo(encode(errorPacket('unknownTransfer', 'this port serves another client')), from)
      this.#stray(from, `${packet.type} to another client's transfer`, 'ERROR 5', 'stray')
    }
  }

  /** After whatever may have changed a session. */
  #settle(transfer: Transfer, session: Session): void {
    const { end } = session
    if (end === undefined) {
      if (session.isSending) this.#sending.add(transfer)
    } else if (this.#transfers.get(keyOf(transfer.client)) === transfer) {
      this.#finish(transfer, session, end)
    }
  }

  #finish(transfer: Transfer, session: Session, end: TransferEnd): void {
    this.#forget(transfer)
    session.close()
    const { plan, sendError } = session
    this.#report(transfer, describeEnd(end, plan, this.#around.now() - transfer.begun, sendError))
    transfer.progress.end(end, plan.size)
  }

  #stopSession(transfer: Transfer, session: Session, reason: string, tell: boolean): void {
    session.stop(reason, tell)
    this.#settle(transfer, session)
  }

  #refuse(transfer: Transfer, { error, ...answer }: Refusal): void {
    this.#forget(transfer)
    if (error !== undefined) this.#around.reply(transfer.local, encode(error), transfer.client)
    this.#report(transfer, answer)
  }

  #forget(transfer: Transfer): void {
    const { client } = transfer
    // One that was refused was never counted.
    if (this.#transfers.get(keyOf(client)) !== transfer) return
    this.#transfers.delete(keyOf(client))
    this.#asked.delete(transfer.number)
    this.#sending.delete(transfer)
    this.#clients.leave(client.address)
  }

  #report({ client, request }: Transfer, answer: Answer): void {
    this.#around.report({ protocol: 'tftp', address: client.address, asked: describeRequest(request), ...answer })
  }

  #stray(from: Endpoint, asked: string, answered: string, outcome: string): void {
    this.#around.report({ protocol: 'tftp', address: from.address, asked, answered, level: 'debug', outcome })
  }
}

function keyOf({ address, port }: Endpoint): string {
  return `${address}:${port}`
}

/**
 * Whether a request came twice, by the network or because its client lost patience. A machine that was reset asks from
 * the same port too (PXE ROMs count theirs from a fixed one), and must not wait until its old transfer is given up.
 */
function isRepeated(request: Request, { request: earlier, session }: Transfer): boolean {
  return isDeepStrictEqual(request, earlier) && !session?.isAbandoned
}
