import { type ErrorPacket, errorPacket, type Packet } from './codec.ts'
import type { Negotiated } from './negotiate.ts'
import { measured, type RoundTrip, timeoutAfter } from './round-trip.ts'

/** What one transfer of a file to a client was agreed to be. */
export type Plan = Negotiated & {
  /** Bytes of the file, as it is sent. */
  readonly size: number
  /** A client that hasn't been heard for so many milliseconds, nor for so many packets, counts as gone. */
  readonly patience: number
  readonly tries: number
}

/**
 * Blocks count from 1 without rolling over; the OACK is block 0, as its ACK says (RFC 2347). All times are milliseconds
 * of a clock that never goes back.
 */
export type Running = {
  readonly phase: 'running'
  readonly plan: Plan
  /** All up to this block is acknowledged; -1: not even the OACK is. */
  readonly acked: number
  /** The last block that was ever sent. */
  readonly sent: number
  /** When what is out now was sent. */
  readonly sentAt: number
  /** Some of what is out was sent before: its ACK may be of the earlier one, and measures nothing (Karn's algorithm). */
  readonly again: boolean
  /** How often what is out was sent in vain. */
  readonly timeouts: number
  /** How often the timeout is doubled, until a round trip is measured. */
  readonly doublings: number
  readonly roundTrip: RoundTrip
  /** When an ACK last moved the transfer on. */
  readonly heardAt: number
}

export type Transfer =
  | Running
  /** Nothing leads out of it, and nothing is answered. */
  | { readonly phase: 'ended'; readonly end: TransferEnd }

export type TransferEvent =
  /** From the transfer's own client: other senders never get here. */
  | { readonly type: 'packet'; readonly packet: Packet }
  /** The {@link deadlineOf} the state has passed. */
  | { readonly type: 'timeout' }
  /** The file could not be read on, or isn't the same file any more. */
  | { readonly type: 'unreadable'; readonly message: string }
  /** The client's host says that nobody takes the packets (ICMP port unreachable). */
  | { readonly type: 'unreachable' }
  /** From our side; `tell`: the client gets the reason in an ERROR. */
  | { readonly type: 'stop'; readonly reason: string; readonly tell: boolean }

export type TransferEnd =
  | { readonly how: 'done' }
  /** The client's ERROR. At block 0 it only wanted the answer to its options: EDK2 asks for the size that way. */
  | { readonly how: 'aborted'; readonly block: number; readonly code: number; readonly message: string }
  /** `last`: all was sent, and only the ACK of the last block is missing; firmware may leave it out. */
  | { readonly how: 'silent' | 'unreachable'; readonly block: number; readonly last: boolean }
  | { readonly how: 'unreadable'; readonly message: string }
  | { readonly how: 'stopped'; readonly reason: string }

export type Send =
  /** DATA with so many blocks from this one on: they take the place of those that were to be sent and haven't left yet. */
  | { readonly type: 'blocks'; readonly first: number; readonly count: number }
  | { readonly type: 'packet'; readonly packet: Packet }

export type TransferStep = { readonly state: Transfer; readonly sends: readonly Send[] }

const NOTHING: readonly Send[] = []

export function begin(plan: Plan, now: number): TransferStep {
  const offers = plan.accepted.size > 0
  const acked = offers ? -1 : 0
  const state: Running = {
    phase: 'running',
    plan,
    acked,
    sent: acked,
    sentAt: now,
    again: false,
    timeouts: 0,
    doublings: 0,
    roundTrip: undefined,
    heardAt: now
  }
  return sendNext(state, now)
}

/**
 * One step of the sender's side of RFC 1350, section 6, and of RFC 7440, section 4. Each ACK makes at most one window
 * leave, and only one that acknowledges something new: were DATA sent again on a repeated ACK, every later packet would go
 * twice (the Sorcerer's Apprentice, RFC 1123, section 4.2.3.1). All else is sent again on a timeout.
 */
export function step(state: Transfer, event: TransferEvent, now: number): TransferStep {
  if (state.phase === 'ended') return { state, sends: NOTHING }
  switch (event.type) {
    case 'packet':
      return onPacket(state, event.packet, now)
    case 'timeout':
      return onTimeout(state, now)
    case 'unreadable':
      return end({ how: 'unreadable', message: event.message }, errorPacket('undefined', 'the file could not be read'))
    case 'unreachable':
      return onUnreachable(state)
    case 'stop':
      return end({ how: 'stopped', reason: event.reason }, event.tell && errorPacket('undefined', event.reason))
  }
}

/** When the event `timeout` is due. */
export function deadlineOf({ plan, sentAt, roundTrip, doublings }: Running): number {
  return sentAt + timeoutAfter(roundTrip, doublings, plan.timeout)
}

/** Whether it is over, or its client took part in it and then left everything unanswered for more than a second. */
export function isAbandoned(state: Transfer, now: number): boolean {
  if (state.phase === 'ended') return true
  const tookPart = state.acked > (state.plan.accepted.size > 0 ? -1 : 0)
  return tookPart && state.timeouts > 0 && now - state.heardAt > 1000
}

/** Bytes of the file that the client has acknowledged. */
export function bytesTaken({ plan, acked }: Running): number {
  return Math.min(plan.size, Math.max(0, acked) * plan.blockSize)
}

/** The first block that isn't full: an empty one where the size is a multiple of the block size. */
export function lastBlock({ size, blockSize }: Plan): number {
  return Math.floor(size / blockSize) + 1
}

function onPacket(state: Running, packet: Packet, now: number): TransferStep {
  if (packet.type === 'ERROR') {
    return end({ how: 'aborted', block: state.acked + 1, code: packet.code, message: packet.message })
  }
  if (packet.type !== 'ACK') return { state, sends: NOTHING }
  // The numbers on the wire roll over to 0 after 65535; a window is shorter than that.
  const acked = state.acked + 1 + ((packet.block - state.acked - 1) & 0xffff)
  if (acked > state.sent) return { state, sends: NOTHING }
  if (acked === lastBlock(state.plan)) return end({ how: 'done' })
  const measures = !state.again && acked === state.sent
  // A part of a window: the rest of it was lost, and what was waited for wasn't merely slow.
  const isPart = acked < state.sent
  const next: Running = {
    ...state,
    acked,
    heardAt: now,
    timeouts: 0,
    doublings: measures || isPart ? 0 : state.doublings,
    roundTrip: measures ? measured(state.roundTrip, now - state.sentAt) : state.roundTrip
  }
  return sendNext(next, now)
}

function onTimeout(state: Running, now: number): TransferStep {
  if (now < deadlineOf(state)) return { state, sends: NOTHING }
  const { plan, acked, timeouts, doublings, heardAt } = state
  if (timeouts + 1 >= plan.tries && now - heardAt >= plan.patience) {
    return end({ how: 'silent', block: acked + 1, last: acked + 1 === lastBlock(plan) })
  }
  return sendNext({ ...state, timeouts: timeouts + 1, doublings: doublings + 1 }, now)
}

/** Once may be the moment in which firmware changes from one way of listening to another. */
function onUnreachable(state: Running): TransferStep {
  if (state.timeouts === 0) return { state, sends: NOTHING }
  return end({ how: 'unreachable', block: state.acked + 1, last: state.acked + 1 === lastBlock(state.plan) })
}

/** Sends the OACK, or the window that follows what is acknowledged. */
function sendNext(state: Running, now: number): TransferStep {
  const { plan, acked, sent } = state
  if (acked < 0) {
    const again = sent === 0
    return {
      state: { ...state, sent: 0, sentAt: now, again },
      sends: [{ type: 'packet', packet: { type: 'OACK', options: plan.accepted } }]
    }
  }
  const first = acked + 1
  const count = Math.min(plan.windowSize, lastBlock(plan) - acked)
  return {
    state: { ...state, sent: Math.max(sent, acked + count), sentAt: now, again: first <= sent },
    sends: [{ type: 'blocks', first, count }]
  }
}

function end(end: TransferEnd, farewell: ErrorPacket | false = false): TransferStep {
  return {
    state: { phase: 'ended', end },
    sends: farewell ? [{ type: 'packet', packet: farewell }] : NOTHING
  }
}
