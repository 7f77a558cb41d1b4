import test, { type ExecutionContext } from 'ava'
import { encode } from '../../src/tftp/codec.ts'
import { clientAt, engineWith, type FakeChannel, SERVER } from './engine-harness.ts'
import { ack, content, rrq } from './fakes.ts'

const FILES = { 'ipxe.efi': content(1300), tiny: content(1), big: content(100_000) }

function opened(t: ExecutionContext, channel: FakeChannel | undefined): FakeChannel {
  if (channel === undefined) throw t.fail('no transfer began')
  return channel
}

/** A transfer that has sent its OACK, and nothing since. */
function begun(t: ExecutionContext, values: Record<string, string | number> = { blksize: 1024 }, file = 'ipxe.efi') {
  const run = engineWith(FILES)
  const request = rrq(file, values)
  return { ...run, request, channel: opened(t, run.ask(request, clientAt(1))) }
}

test('a request that comes twice opens one transfer, also while its file is looked for', (t) => {
  const run = engineWith(FILES)
  const request = rrq('ipxe.efi', { blksize: 1024 })
  run.engine.receive(encode(request), clientAt(1), SERVER)
  run.engine.receive(encode(request), clientAt(1), SERVER)
  const channel = opened(t, run.ask(request, clientAt(1)))
  run.hear(channel, ack(0))
  t.is(run.ask(request, clientAt(1)), undefined)
  run.hear(channel, ack(1))
  run.hear(channel, ack(2))
  t.deepEqual(channel.sent, ['OACK', 'DATA 1', 'DATA 2'])
  t.deepEqual(run.outcomes(), ['duplicate', 'duplicate', 'sent', 'duplicate', 'done'])
  t.is(run.channels.length, 1)
  t.false(channel.isOpen)
})

test('a machine that was reset and asks from the same port again is not kept waiting for its old transfer', (t) => {
  const { ask, hear, pass, channel, channels, request, steps } = begun(t)
  hear(channel, ack(0))
  pass(900)
  t.is(ask(request, clientAt(1)), undefined, 'it may still be the network that doubled the request')
  pass(200)
  t.deepEqual(opened(t, ask(request, clientAt(1))).sent, ['OACK'])
  t.false(channel.isOpen)
  t.is(channels.length, 2)
  t.true(steps.some(({ answered }) => answered === 'ended: the client asked anew'))
})

test('a client that asks for something else from the same port gets that, also before the first file is there', (t) => {
  const { ask, channel, engine, questions } = begun(t)
  t.deepEqual(opened(t, ask(rrq('tiny'), clientAt(1))).sent, ['DATA 1'])
  t.false(channel.isOpen)
  engine.receive(encode(rrq('big')), clientAt(2), SERVER)
  const [{ number } = { number: 0 }] = questions.splice(0)
  t.deepEqual(opened(t, ask(rrq('tiny'), clientAt(2))).sent, ['DATA 1'])
  engine.answer(number, { file: { bytes: content(9) } })
  t.is(engine.transfers, 2)
})

test('RFC 1350: a packet from elsewhere is answered with ERROR 5, an ERROR is not, and the transfer goes on', (t) => {
  const { channel, hear, steps } = begun(t)
  channel.ears.overheard(encode(ack(0)), clientAt(9))
  channel.ears.overheard(encode({ type: 'ERROR', code: 0, message: 'die' }), clientAt(9))
  channel.ears.overheard(new Uint8Array(0), clientAt(9))
  hear(channel, ack(0))
  t.deepEqual(channel.sent, ['OACK', 'ERROR 5 this port serves another client to 9', 'DATA 1'])
  t.deepEqual(
    steps.slice(1).map(({ answered, level, outcome }) => `${level} ${outcome} ${answered}`),
    ['debug stray ERROR 5', 'debug stray nothing', 'debug stray nothing']
  )
})

test('datagrams that are no TFTP are counted and change nothing', (t) => {
  const { channel, hear, engine, outcomes } = begun(t)
  for (const garbage of [Buffer.alloc(0), Buffer.from('\0\x09'), Buffer.from('\0\x04\0')]) {
    hear(channel, garbage)
    engine.receive(garbage, clientAt(7), SERVER)
  }
  engine.receive(encode(ack(1)), clientAt(7), SERVER)
  engine.receive(encode(rrq('tiny')), clientAt(0), SERVER)
  hear(channel, ack(0))
  t.deepEqual(channel.sent, ['OACK', 'DATA 1'])
  t.deepEqual(outcomes(), ['sent', ...Array(6).fill('malformed'), 'stray'])
})

test('a client that is not heard for half a minute is given up, and its port and place are free', (t) => {
  const { channel, pass, engine, outcomes } = begun(t)
  pass(29_000)
  t.true(channel.isOpen)
  t.is(channel.sent.length, 9, 'after 0, 500, 1500, 3500, 7500 ms, then each 5 s')
  pass(5000)
  t.false(channel.isOpen)
  t.is(engine.transfers, 0)
  t.deepEqual(outcomes(), ['sent', 'timeout'])
})

test('a client whose host says that nobody listens is given up at the second word', (t) => {
  const { channel, pass, steps } = begun(t)
  channel.ears.gone()
  t.true(channel.isOpen)
  pass(500)
  channel.ears.gone()
  t.false(channel.isOpen)
  t.regex(steps.at(-1)?.answered ?? '', /its host says that nobody listens/)
})

test('an aborted transfer frees its port and its place at once', (t) => {
  const { channel, hear, engine } = begun(t)
  hear(channel, { type: 'ERROR', code: 8, message: 'User aborted' })
  t.false(channel.isOpen)
  t.is(engine.transfers, 0)
})

test('beyond the bound on transfers clients are told to come later, and served when there is room', (t) => {
  const run = engineWith(FILES, { clients: { total: 3, perClient: 2 } })
  const first = opened(t, run.ask(rrq('big'), clientAt(1)))
  run.ask(rrq('big'), clientAt(2))
  t.is(run.ask(rrq('big'), clientAt(3)), undefined)
  opened(t, run.ask(rrq('big'), clientAt(3, '10.0.0.3')))
  t.is(run.ask(rrq('big'), clientAt(4, '10.0.0.4')), undefined)
  t.deepEqual(run.replies, [
    'ERROR 0 busy: of transfers, 10.0.0.2 has 2 already, and may have no more; ask again later to 3',
    'ERROR 0 busy: of transfers, there are 3 already, and may be no more; ask again later to 4'
  ])
  t.is(run.steps.filter(({ outcome, level }) => outcome === 'busy' && level === 'warn').length, 2)
  run.hear(first, { type: 'ERROR', code: 0, message: '' })
  opened(t, run.ask(rrq('big'), clientAt(3)))
})

test('files that are still looked for count too', (t) => {
  const run = engineWith(FILES, { clients: { total: 2, perClient: 2 } })
  for (const port of [1, 2, 3]) run.engine.receive(encode(rrq('big')), clientAt(port), SERVER)
  t.is(run.questions.length, 2)
  t.is(run.replies.length, 1)
})

test('blocks are no longer than the path takes, unless they are configured to be', (t) => {
  const fitting = engineWith(FILES)
  fitting.ask(rrq('big', { blksize: 65_464 }), clientAt(1))
  t.regex(fitting.steps[0]?.answered ?? '', /^OACK blksize=1468,/)
  const fragmenting = engineWith(FILES, { maxBlockSize: 65_464 })
  fragmenting.ask(rrq('big', { blksize: 65_464 }), clientAt(1))
  t.regex(fragmenting.steps[0]?.answered ?? '', /^OACK blksize=65464,/)
})

test('those with a window to send take turns: a long one does not keep the others waiting', (t) => {
  const run = engineWith(FILES)
  const greedy = opened(t, run.ask(rrq('big', { blksize: 8, windowsize: 128 }), clientAt(1)))
  const modest = opened(t, run.ask(rrq('big', { blksize: 8 }), clientAt(2)))
  greedy.most = 16
  greedy.ears.heard(encode(ack(0)))
  modest.ears.heard(encode(ack(0)))
  run.engine.run()
  t.is(greedy.calls, 1)
  t.is(modest.calls, 1)
  while (run.engine.isSending) run.engine.run()
  t.is(greedy.sent.length, 1 + 64)
  t.is(greedy.calls, 4)
})

test('what the system does not take now leaves once it does', (t) => {
  const { channel, hear, engine } = begun(t, { blksize: 8, windowsize: 4 })
  channel.delivery = 'full'
  hear(channel, ack(0))
  t.true(channel.awaitsRoom)
  t.false(engine.isSending, 'nothing turns in vain')
  channel.delivery = 'sent'
  channel.ears.room()
  engine.run()
  t.deepEqual(channel.sent, ['OACK', 'DATA 1', 'DATA 2', 'DATA 3', 'DATA 4'])
})

test('what the system refuses counts as lost; the log has its word once the client is given up', (t) => {
  const { channel, hear, pass, steps } = begun(t)
  channel.delivery = Object.assign(new Error('sendmsg: EPERM'), { code: 'EPERM' })
  hear(channel, ack(0))
  pass(40_000)
  t.like(steps.at(-1), {
    level: 'warn',
    answered: 'given up: no ACK of block 1 for 30 s; sending failed: sendmsg: EPERM'
  })
})

test('no port to be had: ERROR 0, and a warning with what the system said', (t) => {
  const run = engineWith(FILES)
  run.world.openError = new Error('bind: EMFILE')
  t.is(run.ask(rrq('tiny'), clientAt(1)), undefined)
  t.deepEqual(run.replies, ['ERROR 0 the server failed: its log says why to 1'])
  t.like(run.steps[0], { level: 'warn', answered: 'ERROR 0: bind: EMFILE' })
  t.is(run.engine.transfers, 0)
})

test('how far a transfer is, is told four times a second, from the first block that was taken', (t) => {
  const { channel, hear, pass, words } = begun(t, { blksize: 1000 }, 'big')
  pass(300)
  for (let block = 0; block <= 40; block += 1) {
    hear(channel, ack(block))
    pass(20)
  }
  hear(channel, { type: 'ERROR', code: 0, message: '' })
  t.is(words[0], '1 began big of 100000 for 10.0.0.2')
  t.is(words.at(-1), '1 ended not whole')
  t.is(words.length, 5, words.join())
})

test('a client that only asks for the size is no transfer to watch; a file of one block is, and whole', (t) => {
  const asks = begun(t)
  asks.hear(asks.channel, { type: 'ERROR', code: 8, message: '' })
  t.deepEqual(asks.words, [])
  const tiny = begun(t, {}, 'tiny')
  tiny.hear(tiny.channel, ack(1))
  t.deepEqual(tiny.words, ['1 began tiny of 1 for 10.0.0.2', '1 reached 1', '1 ended whole'])
})

test('firmware that leaves out the last ACK has taken the file all the same', (t) => {
  const { channel, hear, pass, words } = begun(t, { blksize: 1024 })
  hear(channel, ack(0))
  hear(channel, ack(1))
  pass(40_000)
  t.is(words.at(-1), '1 ended whole')
})

test('a stop tells every client, also those whose file is still looked for', (t) => {
  const { channel, engine, replies } = begun(t)
  engine.receive(encode(rrq('big')), clientAt(2), SERVER)
  engine.stop('the server is stopping')
  t.is(channel.sent.at(-1), 'ERROR 0 the server is stopping')
  t.false(channel.isOpen)
  t.deepEqual(replies, ['ERROR 0 the server is stopping to 2'])
  t.is(engine.transfers, 0)
})
