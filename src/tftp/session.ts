import type { Endpoint } from '../net/endpoint.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Clock } from './clock.ts'
import { encode, errorPacket, MalformedPacket, tryDecode } from './codec.ts'
import type { BootFile } from './files.ts'
import {
  begin,
  isAbandoned,
  type Plan,
  step,
  type TransferEffect,
  type TransferEnd,
  type TransferEvent,
  type TransferStep
} from './transfer.ts'
import type { Bind } from './udp.ts'

/** Why a transfer is to end from our side; `tell`: the client gets the message in an ERROR. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
  readonly tell: boolean

  constructor(message: string, tell: boolean) {
    super(message)
    this.tell = tell
  }
}

export type SessionParameters = {
  readonly bind: Bind
  readonly clock: Clock
  /** Where the transfer gets a port of its own: its TID (RFC 1350, section 4). */
  readonly local: Ipv4
  readonly client: Endpoint
  readonly file: BootFile
  readonly plan: Plan
  /** Aborted with {@link Stopped}. */
  readonly signal: AbortSignal
  /** Told of each datagram that is not the client's or no TFTP, and what came of it. */
  readonly stray: (from: Endpoint, asked: string, answered: string, outcome: 'malformed' | 'stray') => void
}

export type SessionEnd = {
  readonly end: TransferEnd
  /** What the system last said when a packet could not be sent: why the client seems silent. */
  readonly sendError: string | undefined
}

export type Session = {
  /** Resolves once the socket is closed. */
  readonly ended: Promise<SessionEnd>
  /** Whether a further request from the client's port is a new one. */
  isAbandoned(): boolean
}

/**
 * Starts one transfer: does on a socket, a file and a timer what the steps of transfer.ts say.
 * Rejects with the system's error when there is no socket to be had.
 */
export async function startSession(parameters: SessionParameters): Promise<Session> {
  const { client, clock, file, plan, signal, stray } = parameters
  const { promise: ended, resolve } = Promise.withResolvers<SessionEnd>()
  const first = begin(plan)
  let { state } = first
  let cancelWait = () => {}
  let sendError: string | undefined

  const socket = await parameters.bind(
    { address: parameters.local, port: 0 },
    {
      receive,
      failed(error) {
        sendError = error.message
      }
    }
  )
  carryOut(first)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  return { ended, isAbandoned: () => isAbandoned(state) }

  function receive(bytes: Uint8Array, from: Endpoint): void {
    const packet = tryDecode(bytes)
    if (packet instanceof MalformedPacket) {
      stray(from, `${bytes.length} bytes to a transfer's port`, `nothing: ${packet.message}`, 'malformed')
    } else if (from.address === client.address && from.port === client.port) {
      advance({ type: 'packet', packet })
    } else if (packet.type === 'ERROR') {
      // Never answered: two servers that take each other for a lost client would go on for ever.
      stray(from, "ERROR to another client's transfer", 'nothing', 'stray')
    } else {
      // RFC 1350, section 4: the sender learns of its mistake, and the transfer goes on.
      socket.send(encode(errorPacket('unknownTransfer', 'this port serves another client')), from)
      stray(from, `${packet.type} to another client's transfer`, 'ERROR 5', 'stray')
    }
  }

  function stop(): void {
    const { message, tell } = signal.reason as Stopped
    advance({ type: 'stop', reason: message, tell })
  }

  function advance(event: TransferEvent): void {
    carryOut(step(state, event))
  }

  function carryOut(next: TransferStep): void {
    state = next.state
    for (const effect of next.effects) perform(effect)
  }

  function perform(effect: TransferEffect): void {
    switch (effect.type) {
      case 'send':
        socket.send(encode(effect.packet), client)
        return
      case 'wait':
        cancelWait()
        cancelWait = clock.after(effect.milliseconds, () => advance({ type: 'timeout' }))
        return
      case 'read':
        file.read(effect.offset, effect.length).then(
          (data) => advance({ type: 'block', data }),
          (error: Error) => advance({ type: 'unreadable', message: error.message })
        )
        return
      case 'finish':
        cancelWait()
        socket.close().then(() => resolve({ end: effect.end, sendError }))
    }
  }
}
