import type { Endpoint } from '../net/endpoint.ts'
import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import { type Clock, systemClock } from './clock.ts'
import { encode, errorPacket, MalformedPacket, type Options, tryDecode } from './codec.ts'
import { ask, type ReceptionEffect, type ReceptionEnd, type ReceptionStep, step, type Wish } from './reception.ts'
import { type Bind, bindUdp } from './udp.ts'

export type GetOptions = {
  readonly server: Endpoint
  readonly file: string
  /** Sent in this order: `{ tsize: 0, blksize: 1468 }`. */
  readonly options?: Readonly<Record<string, string | number>>
  /** A larger file is an error. Default: no bound. */
  readonly maxBytes?: number
  /** Milliseconds without news from the server after which it counts as gone. It is asked again each second. */
  readonly timeoutMs: number
  /** Ends with ERROR 8 after the first answer and gets no bytes: so EDK2 learns a file's size. */
  readonly onlyAnswer?: boolean
  /** The address to ask from; default: the one that the route to the server has. */
  readonly address?: Ipv4
  readonly clock?: Clock
  readonly bind?: Bind
}

export type Got = {
  readonly bytes: Uint8Array
  /** What the server answered to `tsize`. */
  readonly size?: number
  /** The OACK; empty when there was none. */
  readonly accepted: Options
}

type Failure = Exclude<ReceptionEnd, { how: 'done' }> | { readonly how: 'unsent'; readonly message: string }

/** No file. The message names it, the server and what was wrong, with the server's own words where it had any. */
export class TftpFailed extends Error {
  override readonly name = 'TftpFailed'
  /** `refused` (by an ERROR), `silent`, `too-large`, `violation` (of the protocol) or `unsent` (by this machine). */
  readonly code: Failure['how']
  /** The number in the server's ERROR. */
  readonly errorCode?: number

  constructor({ server, file, maxBytes }: GetOptions, failure: Failure) {
    super(`${file} from ${server.address}:${server.port} by TFTP: ${describe(failure, maxBytes)}`)
    this.code = failure.how
    if (failure.how === 'refused') this.errorCode = failure.code
  }
}

/**
 * Gets a file as firmware does: mode octet, a port of its own, each block acknowledged.
 * Rejects with {@link TftpFailed}, and with the system's error when there is no socket to be had.
 */
export async function get(options: GetOptions): Promise<Got> {
  const { server, address = UNSPECIFIED, clock = systemClock, bind = bindUdp } = options
  const { promise: ended, resolve: finish } = Promise.withResolvers<ReceptionEnd | Failure>()
  const blocks: Uint8Array[] = []
  const first = ask(wishOf(options))
  let { state } = first
  let peer: Endpoint | undefined
  let cancelWait = () => {}

  const failed = ({ message }: Error) => finish({ how: 'unsent', message })
  const socket = await bind({ address, port: 0 }, { receive, failed })
  carryOut(first)
  const end = await ended
  cancelWait()
  await socket.close()
  if (end.how !== 'done') throw new TftpFailed(options, end)
  const { accepted } = end
  const size = accepted.get('tsize')
  return { bytes: Buffer.concat(blocks), accepted, ...(size !== undefined && { size: Number(size) }) }

  function receive(bytes: Uint8Array, from: Endpoint): void {
    const packet = tryDecode(bytes)
    if (packet instanceof MalformedPacket || from.address !== server.address) return
    // RFC 1350, section 4: the port of the first answer is the transfer's.
    peer ??= from
    if (from.port === peer.port) carryOut(step(state, { type: 'packet', packet }))
    else if (packet.type !== 'ERROR') socket.send(encode(errorPacket('unknownTransfer', 'not my transfer')), from)
  }

  function carryOut(next: ReceptionStep): void {
    state = next.state
    for (const effect of next.effects) perform(effect)
  }

  function perform(effect: ReceptionEffect): void {
    switch (effect.type) {
      case 'send':
        socket.send(encode(effect.packet), peer ?? server)
        return
      case 'wait':
        cancelWait()
        cancelWait = clock.after(effect.milliseconds, () => carryOut(step(state, { type: 'timeout' })))
        return
      case 'deliver':
        blocks.push(effect.data)
        return
      case 'finish':
        finish(effect.end)
    }
  }
}

function wishOf({ file, options = {}, maxBytes = Infinity, timeoutMs, onlyAnswer = false }: GetOptions): Wish {
  const asked = new Map(Object.entries(options).map(([name, value]) => [name.toLowerCase(), String(value)]))
  const retry = Math.min(1000, timeoutMs)
  return {
    request: { type: 'RRQ', file, mode: 'octet', options: asked },
    maxBytes,
    onlyAnswer,
    retry,
    tries: Math.ceil(timeoutMs / retry)
  }
}

function describe(failure: Failure, maxBytes: number | undefined): string {
  switch (failure.how) {
    case 'refused':
      return `the server answered ERROR ${failure.code} ${failure.message}`.trimEnd()
    case 'silent':
      return failure.bytes === 0 ? 'no answer' : `the server fell silent after ${failure.bytes} bytes`
    case 'too-large':
      return `the file is larger than the ${maxBytes} bytes it may have`
    case 'violation':
      return `the server broke the protocol: ${failure.message}`
    case 'unsent':
      return `the request could not be sent: ${failure.message}`
  }
}
