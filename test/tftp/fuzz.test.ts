import test from 'ava'
import fc from 'fast-check'
import { encode, type Packet } from '../../src/tftp/codec.ts'
import { clientAt, engineWith, SERVER } from './engine-harness.ts'
import { ack, content, rrq } from './fakes.ts'

/**
 * Whatever comes from the network, in any order: the engine never throws, keeps within its bounds, answers nobody twice, and in
 * the end has let go of everything.
 */

const FILES = { a: content(0), b: content(3000), c: content(70_000) }

const text = fc.oneof(fc.constantFrom('a', 'b', 'c', 'none', '..', ''), fc.string({ maxLength: 20 })).map(withoutNul)
const value = fc.oneof(fc.nat(70_000).map(String), fc.string({ maxLength: 6 }).map(withoutNul))
const optionName = fc.constantFrom('blksize', 'BLKSIZE', 'tsize', 'timeout', 'utimeout', 'windowsize', 'x')
const request = fc
  .record({
    type: fc.constantFrom('RRQ', 'RRQ', 'RRQ', 'WRQ' as const),
    file: text,
    mode: fc.constantFrom('octet', 'octet', 'NetASCII', 'mail', ''),
    options: fc.dictionary(optionName, value).map((values) => new Map(Object.entries(values)))
  })
  .map((given) => encode(given as Packet))
const good = fc
  .record({ file: fc.constantFrom('a', 'b', 'c'), blksize: fc.constantFrom(8, 512, 1468), windowsize: fc.nat(20) })
  .map(({ file, ...values }) => encode(rrq(file, values)))
const packet = fc.oneof(
  fc.nat(80).map((block) => encode(ack(block))),
  fc.nat(65_535).map((block) => encode(ack(block))),
  fc.uint8Array({ maxLength: 40 }),
  request,
  fc.record({ code: fc.nat(9), message: text }).map((given) => encode({ type: 'ERROR', ...given }))
)

type Act =
  | { readonly do: 'ask'; readonly port: number; readonly bytes: Uint8Array }
  | { readonly do: 'say' | 'intrude'; readonly which: number; readonly bytes: Uint8Array }
  | { readonly do: 'answer' | 'gone' | 'full' | 'room'; readonly which: number }
  | { readonly do: 'pass'; readonly milliseconds: number }

const port = fc.nat(5)
const which = fc.nat(8)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('ask' as const), port, bytes: fc.oneof(good, good, request, packet) })
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), which }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('say', 'intrude'), which, bytes: packet }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('gone', 'full', 'room'), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), milliseconds: fc.nat(3000) }) }
)

test('any sequence of datagrams, answers and faults', (t) => {
  let transfers = 0
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60, size: 'max' }), (acts) => {
      const run = engineWith(FILES, { clients: { total: 4, perClient: 4 } })
      const { engine, channels, questions } = run
      for (const each of acts) {
        if (each.do === 'ask') engine.receive(each.bytes, clientAt(each.port), SERVER)
        else if (each.do === 'pass') run.pass(each.milliseconds)
        else if (each.do === 'answer') answer(each.which)
        else hit(each)
        engine.run()
        t.true(engine.transfers <= 4)
        t.is(channels.filter(({ isOpen }) => isOpen).length + questions.length >= engine.transfers, true)
      }
      transfers += channels.length
      while (questions.length > 0) answer(0)
      run.pass(45_000)
      // A client may have asked for a timeout of minutes.
      engine.stop('the end')
      t.is(engine.transfers, 0)
      t.false(channels.some(({ isOpen }) => isOpen))

      function answer(index: number): void {
        const [question] = questions.splice(index % Math.max(1, questions.length), 1)
        if (question === undefined) return
        const bytes = FILES[question.file as keyof typeof FILES]
        engine.answer(question.number, bytes ? { file: { bytes } } : { missing: 'not found' })
      }

      function hit(given: Exclude<Act, { do: 'ask' | 'pass' }>): void {
        const channel = channels.filter(({ isOpen }) => isOpen)[given.which]
        if (channel === undefined) return
        if (given.do === 'say') channel.ears.heard(given.bytes)
        else if (given.do === 'intrude') channel.ears.overheard(given.bytes, clientAt(99))
        else if (given.do === 'gone') channel.ears.gone()
        else if (given.do === 'full') channel.delivery = 'full'
        else {
          channel.delivery = 'sent'
          channel.ears.room()
        }
      }
    }),
    { numRuns: 1000 }
  )
  t.true(transfers > 1000, `${transfers} transfers began`)
})

function withoutNul(given: string): string {
  return given.replaceAll('\0', '')
}

test('a client that acknowledges at random never gets a packet that is no part of its window', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 80 }), fc.constantFrom(1, 4, 16), (blocks, windowsize) => {
      const run = engineWith(FILES)
      const channel = run.ask(rrq('b', { blksize: 200, windowsize }), clientAt(1))
      if (channel === undefined) throw t.fail()
      let highest = -1
      for (const block of blocks) {
        const before = channel.sent.length
        run.hear(channel, ack(block))
        const sent = channel.sent.slice(before).map((line) => Number(line.split(' ')[1]))
        if (sent.length === 0) continue
        t.true(block > highest, 'only a new ACK brings packets')
        highest = block
        t.deepEqual(
          sent,
          Array.from({ length: Math.min(windowsize, 16 - block) }, (_, index) => block + 1 + index)
        )
      }
    })
  )
})
