import { isDeepStrictEqual } from 'node:util'
import type { Endpoint } from '../net/endpoint.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { ReportStep } from '../net/step.ts'
import { type Clock, systemClock } from './clock.ts'
import { encode, MalformedPacket, type Request, tryDecode } from './codec.ts'
import type { BootFile, BootFiles } from './files.ts'
import { ListenFailed } from './listen.ts'
import { type NegotiationLimits, negotiate } from './negotiate.ts'
import { type Refusal, refusalAsBusy, refusalOfError, refusalOfKind } from './refusal.ts'
import { type Answer, describeAnswer, describeEnd, describeRequest } from './report.ts'
import { type Session, Stopped, startSession } from './session.ts'
import type { Plan } from './transfer.ts'
import { type Bind, bindUdp } from './udp.ts'

export type TftpLimits = NegotiationLimits & {
  /** How often a packet is sent before the client counts as gone. */
  readonly tries: number
  /** Transfers at once; further clients are told to come back later. */
  readonly maxTransfers: number
}

export const DEFAULT_LIMITS: TftpLimits = { maxBlockSize: 1468, timeout: 1, tries: 6, maxTransfers: 1000 }

export type TftpOptions = {
  /** An address of this machine; transfers answer from it too, each from a port of its own. */
  readonly address: Ipv4
  /** 0: any. */
  readonly port: number
  readonly files: BootFiles
  /** Told when a request is answered and when its transfer ends; of stray datagrams at level debug. */
  readonly report: ReportStep
  readonly limits?: Partial<TftpLimits>
  readonly clock?: Clock
  readonly bind?: Bind
}

export type TftpServer = {
  readonly port: number
  /** Ends all transfers at once, telling their clients; resolves when the last socket is closed. */
  close(): Promise<void>
}

/** What a client's port is busy with, from its request until the socket of its transfer is closed. */
type Running = {
  readonly request: Request
  readonly stop: AbortController
  session?: Session
  closed: Promise<void>
}

/**
 * A read-only TFTP server: RFC 1350 in mode octet, with the options of negotiate.ts.
 * @throws {ListenFailed} when the port can't be had.
 */
export async function start(options: TftpOptions): Promise<TftpServer> {
  const { address, files, report, clock = systemClock, bind = bindUdp } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const local = { address, port: options.port }
  const transfers = new Map<string, Running>()
  let closing = false

  const socket = await bind(local, { receive, failed }).catch((error) => {
    throw new ListenFailed(local, error as NodeJS.ErrnoException)
  })
  return { port: socket.port, close }

  function receive(bytes: Uint8Array, client: Endpoint): void {
    if (closing) return
    const packet = tryDecode(bytes)
    if (packet instanceof MalformedPacket) {
      stray(client, `${bytes.length} bytes`, `nothing: ${packet.message}`, 'malformed')
    } else if (packet.type === 'RRQ' || packet.type === 'WRQ') {
      receiveRequest(packet, client)
    } else {
      stray(client, packet.type, 'nothing: no request', 'stray')
    }
  }

  function receiveRequest(request: Request, client: Endpoint): void {
    const earlier = transfers.get(keyOf(client))
    const isBusy = earlier === undefined && transfers.size >= limits.maxTransfers
    const refusal = refusalOfKind(request) ?? (isBusy ? refusalAsBusy(transfers.size) : undefined)
    if (refusal !== undefined) {
      refuse(client, request, refusal)
    } else if (earlier !== undefined && isRepeated(request, earlier)) {
      stray(client, describeRequest(request), 'nothing: its transfer is running', 'duplicate')
    } else {
      accept(request, client, earlier)
    }
  }

  function accept(request: Request, client: Endpoint, earlier: Running | undefined): void {
    const key = keyOf(client)
    const running: Running = { request, stop: new AbortController(), closed: Promise.resolve() }
    transfers.set(key, running)
    earlier?.stop.abort(new Stopped('the client asked anew', false))
    running.closed = Promise.resolve(earlier?.closed)
      .then(() => serve(running, client))
      .finally(() => transfers.get(key) === running && transfers.delete(key))
  }

  async function serve(running: Running, client: Endpoint): Promise<void> {
    const { request, stop } = running
    const asked = describeRequest(request)
    const tell = (answer: Answer) => report({ protocol: 'tftp', address: client.address, asked, ...answer })
    const begun = clock.now()
    let file: BootFile | undefined
    try {
      stop.signal.throwIfAborted()
      file = await unlessStopped(files.open(request.file, client.address), stop.signal)
      const { size } = file
      const plan: Plan = { ...negotiate(request.options, size, limits), size, tries: limits.tries }
      const { signal } = stop
      running.session = await startSession({ bind, clock, local: address, client, file, plan, signal, stray })
      tell(describeAnswer(plan))
      tell(describeEnd(await running.session.ended, plan, clock.now() - begun))
    } catch (error) {
      refuse(client, request, refusalOfError(error as Error))
    } finally {
      // Nothing was written: a close that fails loses nothing.
      file?.close().catch(() => {})
    }
  }

  function refuse(client: Endpoint, request: Request, { error, ...answer }: Refusal): void {
    if (error !== undefined) socket.send(encode(error), client)
    report({ protocol: 'tftp', address: client.address, asked: describeRequest(request), ...answer })
  }

  function stray(from: Endpoint, asked: string, answered: string, outcome: string): void {
    report({ protocol: 'tftp', address: from.address, asked, answered, level: 'debug', outcome })
  }

  function failed(error: Error): void {
    const asked = `port ${local.port}`
    report({ protocol: 'tftp', address, asked, answered: error.message, level: 'warn', outcome: 'failed' })
  }

  async function close(): Promise<void> {
    closing = true
    for (const { stop } of transfers.values()) stop.abort(new Stopped('the server is stopping', true))
    await Promise.all(Array.from(transfers.values(), ({ closed }) => closed))
    await socket.close()
  }
}

function keyOf({ address, port }: Endpoint): string {
  return `${address}:${port}`
}

/**
 * Whether a request came twice, by the network or because its client lost patience. A machine that was reset asks from
 * the same port too (PXE ROMs count theirs from a fixed one), and must not wait until its old transfer is given up.
 */
function isRepeated(request: Request, { request: earlier, session }: Running): boolean {
  return isDeepStrictEqual(request, earlier) && !session?.isAbandoned()
}

/** Rejects as soon as the signal is aborted; a file that is opened too late is closed again. */
function unlessStopped(opening: Promise<BootFile>, signal: AbortSignal): Promise<BootFile> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    opening.then((file) => (signal.aborted ? file.close() : resolve(file))).catch(reject)
  })
}
