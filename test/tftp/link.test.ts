import test from 'ava'
import fc from 'fast-check'
import type { Packet } from '../../src/tftp/codec.ts'
import { negotiate } from '../../src/tftp/negotiate.ts'
import { ask, type ReceptionEnd, step as receive, type Wish } from '../../src/tftp/reception.ts'
import { begin, step as send, type TransferEnd } from '../../src/tftp/transfer.ts'
import { content, ManualClock, rrq } from './fakes.ts'

/** What the link does to one packet: a delivery after each of these delays in milliseconds; none: it is lost. */
type Fate = readonly number[]
const PROMPT: Fate = [1]

type Outcome = { sent: TransferEnd; received: ReceptionEnd; bytes: Uint8Array; dataPackets: number[] }

/**
 * The two sides of a transfer on one link and one virtual clock, until both have ended.
 * Packets meet the given fates in turn; when these are used up, the link is good.
 */
function transfer(file: Uint8Array, fates: readonly Fate[], tries: number): Outcome {
  const clock = new ManualClock()
  const request = rrq('f', { blksize: 8, tsize: 0 })
  const wish: Wish = { request, maxBytes: Infinity, onlyAnswer: false, retry: 1500, tries }
  const negotiated = negotiate(request.options, file.length, { maxBlockSize: 1468, timeout: 1 })
  const blocks: Uint8Array[] = []
  const dataPackets: number[] = []
  let next = 0
  let sent: TransferEnd | undefined
  let received: ReceptionEnd | undefined

  const carry = (packet: Packet, deliver: (packet: Packet) => void) => {
    for (const delay of fates[next++] ?? PROMPT) clock.after(delay, () => deliver(packet))
  }
  const timer = () => {
    let cancel = () => {}
    return (milliseconds: number, run: () => void) => {
      cancel()
      cancel = clock.after(milliseconds, run)
    }
  }
  const [senderWaits, receiverWaits] = [timer(), timer()]

  let sender = begin({ ...negotiated, size: file.length, tries })
  let receiver = ask(wish)
  const advanceSender = (following: typeof sender) => {
    sender = following
    for (const effect of following.effects) {
      if (effect.type === 'finish') sent = effect.end
      else if (effect.type === 'wait')
        senderWaits(effect.milliseconds, () => advanceSender(send(sender.state, { type: 'timeout' })))
      else if (effect.type === 'send') {
        if (effect.packet.type === 'DATA') dataPackets.push(effect.packet.block)
        carry(effect.packet, (packet) => advanceReceiver(receive(receiver.state, { type: 'packet', packet })))
      } else {
        const data = file.subarray(effect.offset, effect.offset + effect.length)
        // A read takes time, in which old packets arrive.
        clock.after(2, () => advanceSender(send(sender.state, { type: 'block', data })))
      }
    }
  }
  const advanceReceiver = (following: typeof receiver) => {
    receiver = following
    for (const effect of following.effects) {
      if (effect.type === 'finish') received = effect.end
      else if (effect.type === 'wait')
        receiverWaits(effect.milliseconds, () => advanceReceiver(receive(receiver.state, { type: 'timeout' })))
      else if (effect.type === 'deliver') blocks.push(effect.data)
      // The listening port starts one transfer for a repeated request: that is the server's to test.
      else if (effect.packet.type !== 'RRQ')
        carry(effect.packet, (packet) => advanceSender(send(sender.state, { type: 'packet', packet })))
    }
  }
  advanceReceiver(receiver)
  advanceSender(sender)
  while (sent === undefined || received === undefined) {
    if (clock.now() > 1e7) throw new Error('the two sides go on for ever')
    clock.advance(1000)
  }
  return { sent, received, bytes: Buffer.concat(blocks), dataPackets }
}

const someSize = fc.nat(60)
const TRIES = 6

/** Losses, copies and delays beyond the timeouts of both sides, so that packets overtake each other. */
const badFate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(PROMPT) },
  { weight: 2, arbitrary: fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 3 }) }
)

test('whatever the link does, the file arrives whole or the client knows that it did not', (t) => {
  const outcomes = new Set<string>()
  fc.assert(
    fc.property(
      someSize,
      fc.array(badFate, { maxLength: 60 }),
      fc.integer({ min: 2, max: TRIES }),
      (size, fates, tries) => {
        const file = content(size)
        const { received, bytes, dataPackets } = transfer(file, fates, tries)
        outcomes.add(received.how)
        if (received.how === 'done') t.deepEqual(Buffer.from(file), Buffer.from(bytes))
        else t.is(received.how, 'silent')
        for (const block of new Set(dataPackets)) {
          t.true(dataPackets.filter((sent) => sent === block).length <= tries, `block ${block} was sent too often`)
        }
      }
    ),
    { numRuns: 500 }
  )
  t.deepEqual(outcomes, new Set(['done', 'silent']), 'both ways to end were seen')
})

test('a link that loses three packets in a row delays a file and does not stop it', (t) => {
  // A fourth in a row would come 15 s after the first, and the client waits for 9 s.
  const fates = fc.array(fc.constantFrom<Fate>(PROMPT, [], [1, 2], [40]), { maxLength: 3 })
  fc.assert(
    fc.property(someSize, fates, (size, fates) => {
      const { sent, received, bytes } = transfer(content(size), fates, TRIES)
      t.is(received.how, 'done')
      t.deepEqual(Buffer.from(content(size)), Buffer.from(bytes))
      // The client doesn't wait for a last ACK that got lost: then the server can only give up.
      t.true(sent.how === 'done' || (sent.how === 'silent' && sent.last))
    })
  )
})

test("Sorcerer's Apprentice: on a link that doubles every packet, each block is still sent once", (t) => {
  const copies = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(someSize, fc.array(copies, { minLength: 60, maxLength: 60 }), (size, fates) => {
      const { sent, dataPackets } = transfer(content(size), fates, TRIES)
      t.is(sent.how, 'done')
      t.deepEqual(
        dataPackets,
        Array.from({ length: Math.floor(size / 8) + 1 }, (_, index) => index + 1)
      )
    })
  )
})
