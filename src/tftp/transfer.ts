import { type ErrorPacket, errorPacket, type Packet } from './codec.ts'
import type { Negotiated } from './negotiate.ts'

/** What one transfer of a file to a client was agreed to be. */
export type Plan = Negotiated & {
  /** Bytes of the file. */
  readonly size: number
  /** How often a packet is sent before the client counts as gone. */
  readonly tries: number
}

/** Blocks count from 1 without rolling over; the OACK is block 0, as its ACK says (RFC 2347). */
export type Transfer =
  /** Entered when all before `block` is acknowledged; left when its data is there. No timer matters. */
  | { readonly phase: 'reading'; readonly plan: Plan; readonly block: number }
  /** Entered by sending `packet`; left by its ACK, by the client's ERROR, or after the last try. */
  | {
      readonly phase: 'sent'
      readonly plan: Plan
      readonly block: number
      readonly packet: Packet
      /** How often `packet` was sent. */
      readonly tries: number
    }
  /** Nothing leads out of it, and nothing is answered. */
  | { readonly phase: 'ended' }

export type TransferEvent =
  /** From the transfer's own client: other senders never get here. */
  | { readonly type: 'packet'; readonly packet: Packet }
  /** The last `wait` is over. */
  | { readonly type: 'timeout' }
  | { readonly type: 'block'; readonly data: Uint8Array }
  | { readonly type: 'unreadable'; readonly message: string }
  /** From our side; `tell`: the client gets the reason in an ERROR. */
  | { readonly type: 'stop'; readonly reason: string; readonly tell: boolean }

export type TransferEnd =
  | { readonly how: 'done' }
  /** The client's ERROR. At block 0 it only wanted the answer to its options: EDK2 asks for the size that way. */
  | { readonly how: 'aborted'; readonly block: number; readonly code: number; readonly message: string }
  /** `last`: all was sent, and only the ACK of the last block is missing; firmware may leave it out. */
  | { readonly how: 'silent'; readonly block: number; readonly last: boolean }
  | { readonly how: 'unreadable'; readonly message: string }
  | { readonly how: 'stopped'; readonly reason: string }

export type TransferEffect =
  | { readonly type: 'send'; readonly packet: Packet }
  /** Milliseconds. Takes the place of the wait before it. */
  | { readonly type: 'wait'; readonly milliseconds: number }
  | { readonly type: 'read'; readonly offset: number; readonly length: number }
  | { readonly type: 'finish'; readonly end: TransferEnd }

export type TransferStep = { readonly state: Transfer; readonly effects: readonly TransferEffect[] }

export function begin(plan: Plan): TransferStep {
  if (plan.accepted.size === 0) return read(plan, 1)
  return send(plan, 0, { type: 'OACK', options: plan.accepted }, 1)
}

/**
 * One step of the sender's side of RFC 1350, section 6. A packet is sent again only on a timeout: were DATA sent
 * again on a repeated ACK, every later packet would go twice (the Sorcerer's Apprentice, RFC 1123, section 4.2.3.1).
 */
export function step(state: Transfer, event: TransferEvent): TransferStep {
  if (state.phase === 'ended') return { state, effects: [] }
  switch (event.type) {
    case 'packet':
      return onPacket(state, event.packet)
    case 'timeout':
      return onTimeout(state)
    case 'block':
      return onBlock(state, event.data)
    case 'unreadable':
      return end({ how: 'unreadable', message: event.message }, errorPacket('undefined', 'the file could not be read'))
    case 'stop':
      return end({ how: 'stopped', reason: event.reason }, event.tell && errorPacket('undefined', event.reason))
  }
}

/** Whether it is over, or its client took part in it and has then let a whole wait pass without an answer. */
export function isAbandoned(state: Transfer): boolean {
  if (state.phase === 'ended') return true
  return state.phase === 'sent' && state.tries > 1 && state.block > firstBlock(state.plan)
}

function onPacket(state: Exclude<Transfer, { phase: 'ended' }>, packet: Packet): TransferStep {
  if (packet.type === 'ERROR') {
    return end({ how: 'aborted', block: state.block, code: packet.code, message: packet.message })
  }
  const expected = packet.type === 'ACK' && state.phase === 'sent' && packet.block === onWire(state.block)
  if (!expected) return { state, effects: [] }
  return state.block === lastBlock(state.plan) ? end({ how: 'done' }) : read(state.plan, state.block + 1)
}

function onTimeout(state: Exclude<Transfer, { phase: 'ended' }>): TransferStep {
  if (state.phase !== 'sent') return { state, effects: [] }
  const { plan, block, packet, tries } = state
  if (tries >= plan.tries) return end({ how: 'silent', block, last: block === lastBlock(plan) })
  return send(plan, block, packet, tries + 1)
}

function onBlock(state: Exclude<Transfer, { phase: 'ended' }>, data: Uint8Array): TransferStep {
  if (state.phase !== 'reading') return { state, effects: [] }
  const { plan, block } = state
  // A block shorter than it was would look like the file's end: the machine would run half a loader.
  if (data.length !== lengthOf(plan, block)) {
    return step(state, { type: 'unreadable', message: 'the file became shorter while it was sent' })
  }
  return send(plan, block, { type: 'DATA', block: onWire(block), data }, 1)
}

function read(plan: Plan, block: number): TransferStep {
  const offset = (block - 1) * plan.blockSize
  return {
    state: { phase: 'reading', plan, block },
    effects: [{ type: 'read', offset, length: lengthOf(plan, block) }]
  }
}

function send(plan: Plan, block: number, packet: Packet, tries: number): TransferStep {
  const milliseconds = plan.timeout * 1000 * plan.backoff ** (tries - 1)
  return {
    state: { phase: 'sent', plan, block, packet, tries },
    effects: [
      { type: 'send', packet },
      { type: 'wait', milliseconds }
    ]
  }
}

function end(end: TransferEnd, farewell: ErrorPacket | false = false): TransferStep {
  const finish: TransferEffect = { type: 'finish', end }
  return { state: { phase: 'ended' }, effects: farewell ? [{ type: 'send', packet: farewell }, finish] : [finish] }
}

function firstBlock(plan: Plan): number {
  return plan.accepted.size === 0 ? 1 : 0
}

/** The first block that isn't full: an empty one where the size is a multiple of the block size. */
function lastBlock(plan: Plan): number {
  return Math.floor(plan.size / plan.blockSize) + 1
}

function lengthOf(plan: Plan, block: number): number {
  return Math.min(plan.blockSize, plan.size - (block - 1) * plan.blockSize)
}

/** After block 65535 comes 0: RFC 1350 leaves it open, and this is what clients expect that don't negotiate it. */
function onWire(block: number): number {
  return block % 65536
}
