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

/** One step of the receiver's side of RFC 1350, section 6: each DATA is acknowledged, also when it comes again. */
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
  return { state: { ...state, tries: tries + 1 }, effects: send(again, wish) }
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
  const next: Receiving = { phase: 'receiving', wish, accepted, blockSize, block: 0, bytes: 0, tries: 1 }
  return { state: next, effects: send(ackOf(0), wish) }
}

function onData(state: Exclude<Reception, { phase: 'ended' }>, block: number, data: Uint8Array): ReceptionStep {
  const { wish } = state
  if (state.phase === 'asking') {
    if (block !== 1) return { state, effects: [] }
    const accepted: Options = new Map()
    if (wish.onlyAnswer) return end({ how: 'done', accepted }, errorPacket('undefined', 'User aborted the transfer'))
    const blockSize = DEFAULT_BLOCK_SIZE
    return onData({ phase: 'receiving', wish, accepted, blockSize, block: 0, bytes: 0, tries: 1 }, block, data)
  }
  if (state.block > 0 && block === state.block % 65536) return { state, effects: send(ackOf(state.block), wish) }
  if (block !== (state.block + 1) % 65536) return { state, effects: [] }
  if (data.length > state.blockSize) {
    const message = `a block of ${data.length} bytes, where ${state.blockSize} were agreed`
    return end({ how: 'violation', message }, errorPacket('illegalOperation', message))
  }
  const next: Receiving = { ...state, block: state.block + 1, bytes: state.bytes + data.length, tries: 1 }
  if (next.bytes > wish.maxBytes) return tooLarge()
  const deliver: ReceptionEffect = { type: 'deliver', data }
  if (data.length === state.blockSize) return { state: next, effects: [deliver, ...send(ackOf(next.block), wish)] }
  const finish: ReceptionEffect = { type: 'finish', end: { how: 'done', accepted: state.accepted } }
  return { state: { phase: 'ended' }, effects: [deliver, { type: 'send', packet: ackOf(next.block) }, finish] }
}

/** RFC 2347: an OACK holds only options that were asked for; RFC 2348: a block size of at most the one asked for. */
function problemOf(accepted: Options, requested: Options): string | undefined {
  for (const [name, value] of accepted) {
    const asked = requested.get(name)
    if (asked === undefined) return `option ${name} was not asked for`
    if (name === 'tsize' && !/^[0-9]+$/.test(value)) return `tsize is "${value}", which is no number`
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
