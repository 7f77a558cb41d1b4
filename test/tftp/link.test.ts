import test from 'ava'
import fc from 'fast-check'
import { content, rrq } from './fakes.ts'
import { type Fate, PROMPT, transferOver } from './lossy-link.ts'

const someSize = fc.nat(300)
const someWindow = fc.constantFrom(1, 1, 2, 3, 4, 16, 64)
const asking = (windowsize: number) => rrq('f', { blksize: 8, tsize: 0, ...(windowsize > 1 && { windowsize }) })

/** Losses, copies and delays beyond the timeouts of both sides, so that packets overtake each other. */
const badFate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(PROMPT) },
  { weight: 2, arbitrary: fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 2 }) }
)

test('whatever the link does, the file arrives whole or the client knows that it did not', (t) => {
  const outcomes = new Set<string>()
  fc.assert(
    fc.property(
      someSize,
      someWindow,
      fc.array(badFate, { maxLength: 150 }),
      fc.integer({ min: 2, max: 6 }),
      (size, window, fates, tries) => {
        const file = content(size)
        const { received, bytes } = transferOver(file, asking(window), fates, tries)
        outcomes.add(received.how)
        if (received.how === 'done') t.deepEqual(Buffer.from(file), Buffer.from(bytes))
        else t.is(received.how, 'silent')
      }
    ),
    { numRuns: 800, examples: [[9, 1, Array(60).fill([]), 2]] }
  )
  t.deepEqual([...outcomes].sort(), ['done', 'silent'], 'both ways to end were seen')
})

test('a link that loses three packets in a row delays a file and does not stop it', (t) => {
  const fates = fc.array(fc.constantFrom<Fate>(PROMPT, [], [1, 2], [40]), { maxLength: 3 })
  fc.assert(
    fc.property(someSize, someWindow, fates, (size, window, fates) => {
      const { sent, received, bytes } = transferOver(content(size), asking(window), fates)
      t.is(received.how, 'done')
      t.deepEqual(Buffer.from(content(size)), Buffer.from(bytes))
      // The client doesn't wait for a last ACK that got lost: then the server can only give up.
      t.true(sent.how === 'done' || (sent.how === 'silent' && sent.last))
    })
  )
})

test("Sorcerer's Apprentice: on a link that doubles every packet, each block is still sent once", (t) => {
  // The copies come before the shortest timeout: what is sent again was sent for an ACK.
  const copies = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 4 })
  fc.assert(
    fc.property(fc.nat(60), fc.array(copies, { minLength: 60, maxLength: 60 }), (size, fates) => {
      const { sent, blocks } = transferOver(content(size), asking(1), fates)
      t.is(sent.how, 'done')
      t.deepEqual(
        blocks,
        Array.from({ length: Math.floor(size / 8) + 1 }, (_, index) => index + 1)
      )
    })
  )
})

test('with windows, no more windows leave than there are blocks, however often ACKs come', (t) => {
  const copies = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(someSize, fc.constantFrom(2, 4, 16), fc.array(copies, { maxLength: 200 }), (size, window, fates) => {
      const { received, moves } = transferOver(content(size), asking(window), fates)
      t.is(received.how, 'done')
      t.true(moves <= Math.floor(size / 8) + 1)
    })
  )
})

test('a lost packet costs tens of milliseconds, whichever it is', (t) => {
  // OACK, ACK 0 and then block and ACK in turns: the first timeout is the one before anything was measured.
  const packets = 2 + 2 * 9
  const undisturbed = transferOver(content(64), asking(1), []).milliseconds
  for (let lost = 0; lost < packets - 1; lost += 1) {
    const fates = Array.from({ length: lost + 1 }, (_, index) => (index === lost ? [] : PROMPT))
    const { received, milliseconds } = transferOver(content(64), asking(1), fates)
    t.is(received.how, 'done')
    t.true(milliseconds - undisturbed <= (lost < 2 ? 550 : 100), `packet ${lost}: ${milliseconds - undisturbed} ms`)
  }
})
