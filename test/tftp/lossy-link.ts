import type { Packet, Request } from '../../src/tftp/codec.ts'
import { negotiate } from '../../src/tftp/negotiate.ts'
import { ask, type ReceptionEnd, step as receive, type Wish } from '../../src/tftp/reception.ts'
import {
  begin,
  deadlineOf,
  lastBlock,
  step as send,
  type TransferEnd,
  type TransferStep
} from '../../src/tftp/transfer.ts'
import { ManualClock } from './fakes.ts'

/** What the link does to one packet: a delivery after each of these delays in milliseconds; none: it is lost. */
export type Fate = readonly number[]
export const PROMPT: Fate = [1]

export type Outcome = {
  readonly sent: TransferEnd
  readonly received: ReceptionEnd
  readonly bytes: Uint8Array
  /** Every block that was sent, in order. */
  readonly blocks: readonly number[]
  /** ACKs that brought the sender to send. */
  readonly moves: number
  readonly milliseconds: number
}

/**
 * The two sides of a transfer on one link and one virtual clock, until both have ended. Packets meet the given fates in
 * turn; when these are used up, the link is good.
 */
export function transferOver(file: Uint8Array, request: Request, fates: readonly Fate[], tries = 6): Outcome {
  const clock = new ManualClock()
  const wish: Wish = { request, maxBytes: Infinity, onlyAnswer: false, retry: 1500, tries }
  const negotiated = negotiate(request.options, file.length, {
    maxBlockSize: 1468,
    maxWindowSize: 64,
    maxWindowBytes: 1e6
  })
  const plan = { ...negotiated, size: file.length, patience: 20_000, tries: 4 }
  const got: Uint8Array[] = []
  const blocks: number[] = []
  let moves = 0
  let next = 0
  let sent: TransferEnd | undefined
  let received: ReceptionEnd | undefined
  let cancelSender = () => {}
  let cancelReceiver = () => {}

  const carry = (packet: Packet, deliver: (packet: Packet) => void) => {
    for (const delay of fates[next++] ?? PROMPT) clock.after(delay, () => deliver(packet))
  }
  const toReceiver = (packet: Packet) => advanceReceiver(receive(receiver.state, { type: 'packet', packet }))
  const toSender = (packet: Packet) => {
    const following = send(sender.state, { type: 'packet', packet }, clock.now())
    if (following.sends.length > 0) moves += 1
    advanceSender(following)
  }
  const blockOf = (block: number): Packet => {
    const offset = (block - 1) * plan.blockSize
    return { type: 'DATA', block: block % 65536, data: file.subarray(offset, offset + plan.blockSize) }
  }

  let sender = begin(plan, clock.now())
  let receiver = ask(wish)
  const advanceSender = (following: TransferStep) => {
    sender = following
    cancelSender()
    for (const each of following.sends) {
      if (each.type === 'packet') carry(each.packet, toReceiver)
      else {
        for (let block = each.first; block < each.first + each.count; block += 1) {
          if (block > lastBlock(plan)) throw new Error(`block ${block} is none of the file`)
          blocks.push(block)
          carry(blockOf(block), toReceiver)
        }
      }
    }
    const { state } = following
    if (state.phase === 'ended') sent = state.end
    else {
      const wait = Math.max(0, deadlineOf(state) - clock.now())
      cancelSender = clock.after(wait, () => advanceSender(send(sender.state, { type: 'timeout' }, clock.now())))
    }
  }
  const advanceReceiver = (following: typeof receiver) => {
    receiver = following
    for (const effect of following.effects) {
      if (effect.type === 'finish') {
        received = effect.end
        cancelReceiver()
      } else if (effect.type === 'wait') {
        cancelReceiver()
        cancelReceiver = clock.after(effect.milliseconds, () =>
          advanceReceiver(receive(receiver.state, { type: 'timeout' }))
        )
      } else if (effect.type === 'deliver') got.push(effect.data)
      // The listening port starts one transfer for a repeated request: that is the engine's to test.
      else if (effect.packet.type !== 'RRQ') carry(effect.packet, toSender)
    }
  }
  advanceReceiver(receiver)
  advanceSender(sender)
  while (sent === undefined || received === undefined) {
    if (clock.now() > 1e7) throw new Error('the two sides go on for ever')
    clock.advance(50)
  }
  return { sent, received, bytes: Buffer.concat(got), blocks, moves, milliseconds: clock.now() }
}
