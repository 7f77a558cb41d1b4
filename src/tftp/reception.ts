import { type ErrorPacket, errorPacket, type Options, type Packet, type Request } from './codec.ts'
import { DEFAULT_BLOCK_SIZE } from './negotiate.ts'

/** What a client asks for, and how. */
export type Wish = {
  readonly request: Request
  /** Bytes; a larger file is refused as soon as that shows. */
  readonly maxBytes: number
  /** End with ERROR 8 once the first answer is there: EDK2 learns the size that way. */
  readonly onlyAnswer: boolean
  /** Milliseconds until the request or the last ACK is sent again. */
  readonly retry: number
  /** How often it is sent before the server counts as gone. */
  readonly tries: number
}

/** Blocks count from 1 without rolling over. */
export type Reception =
  /** Until the first OACK or DATA. */
  | { readonly phase: 'asking'; readonly wish: Wish; readonly tries: number }
  /** Until the block that isn't full. */
  | {
      readonly phase: 'receiving'
      readonly wish: Wish
      readonly accepted: Options
      readonly blockSize: number
      /** Blocks that the server sends before it waits for an ACK (RFC 7440). */
      readonly windowSize: number
      /** How many came since the last ACK. */
      readonly unacked: number
      /** Since the last block that was expected, another came and the server was told. */
      readonly complained: boolean
      /** All up to this one is received; 0: only the OACK. */
      readonly block: number
      readonly bytes: number
      readonly tries: number
    }
  | { readonly phase: 'ended' }

type Receiving = Extract<Reception, { phase: 'receiving' }>

export type ReceptionEvent =
  /** From the server that gave the first answer. */
  { readonly type: 'packet'; readonly packet: Packet } | { readonly type: 'timeout' }

export type ReceptionEnd =
  | { readonly how: 'done'; readonly accepted: Options }
  | { readonly how: 'refused'; readonly code: number; readonly message: string }
  | { readonly how: 'silent'; readonly bytes: number }
  | { readonly how: 'too-large' }
  /** The server broke a rule of the protocol. */
  | { readonly how: 'violation'; readonly message: string }

export type ReceptionEffect =
  | { readonly type: 'send'; readonly packet: Packet }
  /** Milliseconds. Takes the place of the wait before it. */
  | { readonly type: 'wait'; readonly milliseconds: number }
  | { readonly type: 'deliver'; readonly data: Uint8Array }
  | { readonly type: 'finish'; readonly end: ReceptionEnd }

export type ReceptionStep = { readonly state: Reception; readonly effects: readonly ReceptionEffect[] }

export function ask(wish: Wish): ReceptionStep {
  return { state: { phase: 'asking', wish, tries: 1 }, effects: send(wish.request, wish) }
}

/**
 * One step of the receiver's side of RFC 1350, section 6, and of RFC 7440, section 4: each window is acknowledged, also when
 * it comes again, and a gap is told of at once.
 */
export function step(state: Reception, event: ReceptionEvent): ReceptionStep {
  if (state.phase === 'ended') return { state, effects: [] }
  if (event.type === 'timeout') return onTimeout(state)
  const { packet } = event
  switch (packet.type) {
    case 'ERROR':
      return end({ how: 'refused', code: packet.code, message: packet.message })
    case 'OACK':
      return onOack(state, packet.options)
    case 'DATA':
      return onData(state, packet.block, packet.data)
    default:
      return { state, effects: [] }
  }
}

function onTimeout(state: Exclude<Reception, { phase: 'ended' }>): ReceptionStep {
  const { wish, tries } = state
  if (tries >= wish.tries) return end({ how: 'silent', bytes: state.phase === 'asking' ? 0 : state.bytes })
  const again = state.phase === 'asking' ? wish.request : ackOf(state.block)
  const next = state.phase === 'asking' ? state : { ...state, unacked: 0, complained: false }
  return { state: { ...next, tries: tries + 1 }, effects: send(again, wish) }
}

function onOack(state: Exclude<Reception, { phase: 'ended' }>, accepted: Options): ReceptionStep {
  const { wish } = state
  if (state.phase === 'receiving') {
    // Our ACK of it was lost. One that comes later still is out of date.
    return { state, effects: state.block === 0 ? send(ackOf(0), wish) : [] }
  }
  const message = problemOf(accepted, wish.request.options)
  if (message !== undefined) return end({ how: 'violation', message }, errorPacket('optionRefused', message))
  if (wish.onlyAnswer) return end({ how: 'done', accepted }, errorPacket('optionRefused', 'User aborted the transfer'))
  if (Number(accepted.get('tsize') ?? 0) > wish.maxBytes) return tooLarge()
  const blockSize = Number(accepted.get('blksize') ?? DEFAULT_BLOCK_SIZE)
  const windowSize = Number(accepted.get('windowsize') ?? 1)
  return { state: receiving(wish, accepted, blockSize, windowSize), effects: send(ackOf(0), wish) }
}

function onData(state: Exclude<Reception, { phase: 'ended' }>, block: number, data: Uint8Array): ReceptionStep {
  const { wish } = state
  if (state.phase === 'asking') {
    if (block !== 1) return { state, effects: [] }
    const accepted: Options = new Map()
    if (wish.onlyAnswer) return end({ how: 'done', accepted }, errorPacket('undefined', 'User aborted the transfer'))
    return onData(receiving(wish, accepted, DEFAULT_BLOCK_SIZE, 1), block, data)
  }
  if (block !== (state.block + 1) % 65536) return onUnexpected(state, block)
  if (data.length > state.blockSize) {
    const message = `a block of ${data.length} bytes, where ${state.blockSize} were agreed`
    return end({ how: 'violation', message }, errorPacket('illegalOperation', message))
  }
  const unacked = (state.unacked + 1) % state.windowSize
  const bytes = state.bytes + data.length
  const next: Receiving = { ...state, block: state.block + 1, bytes, tries: 1, unacked, complained: false }
  if (next.bytes > wish.maxBytes) return tooLarge()
  const deliver: ReceptionEffect = { type: 'deliver', data }
  if (data.length === state.blockSize) {
    const wait: ReceptionEffect = { type: 'wait', milliseconds: wish.retry }
    return { state: next, effects: [deliver, ...(unacked === 0 ? send(ackOf(next.block), wish) : [wait])] }
  }
  const finish: ReceptionEffect = { type: 'finish', end: { how: 'done', accepted: state.accepted } }
  return { state: { phase: 'ended' }, effects: [deliver, { type: 'send', packet: ackOf(next.block) }, finish] }
}

/** A block that comes again, or after a gap. Without windows only the last one can come again: any other is out of date. */
function onUnexpected(state: Receiving, block: number): ReceptionStep {
  const isLast = state.block > 0 && block === state.block % 65536
  if (state.windowSize === 1 ? !isLast : state.complained) return { state, effects: [] }
  return { state: { ...state, unacked: 0, complained: true }, effects: send(ackOf(state.block), state.wish) }
}

function receiving(wish: Wish, accepted: Options, blockSize: number, windowSize: number): Receiving {
  const start = { block: 0, bytes: 0, tries: 1, unacked: 0, complained: false }
  return { phase: 'receiving', wish, accepted, blockSize, windowSize, ...start }
}

/** RFC 2347: an OACK holds only options that were asked for; RFC 2348: a block size of at most the one asked for. */
function problemOf(accepted: Options, requested: Options): string | undefined {
  for (const [name, value] of accepted) {
    const asked = requested.get(name)
    if (asked === undefined) return `option ${name} was not asked for`
    if (name === 'tsize' && !/^[0-9]+$/.test(value)) return `tsize is "${value}", which is no number`
    if (name === 'windowsize' && !(Number(value) >= 1 && Number(value) <= Number(asked))) {
      return `windowsize is "${value}", where 1 to ${asked} would do`
    }
    if (name === 'blksize' && !(Number(value) >= 8 && Number(value) <= Number(asked))) {
      return `blksize is "${value}", where 8 to ${asked} would do`
    }
  }
  return undefined
}

function tooLarge(): ReceptionStep {
  return end({ how: 'too-large' }, errorPacket('diskFull', 'the file is larger than it may be'))
}

function send(packet: Packet, { retry }: Wish): ReceptionEffect[] {
  return [
    { type: 'send', packet },
    { type: 'wait', milliseconds: retry }
  ]
}

function end(end: ReceptionEnd, farewell?: ErrorPacket): ReceptionStep {
  const finish: ReceptionEffect = { type: 'finish', end }
  return { state: { phase: 'ended' }, effects: farewell ? [{ type: 'send', packet: farewell }, finish] : [finish] }
}

function ackOf(block: number): Packet {
  return { type: 'ACK', block: block % 65536 }
}
