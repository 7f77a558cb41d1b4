import test from 'ava'
import type { Packet } from '../../src/tftp/codec.ts'
import { ask, type ReceptionEffect, type ReceptionEvent, step, type Wish } from '../../src/tftp/reception.ts'
import { ack, content, options, rrq } from './fakes.ts'

const WISH: Wish = {
  request: rrq('f', { blksize: 8, tsize: 0 }),
  maxBytes: 100,
  onlyAnswer: false,
  retry: 1000,
  tries: 2
}

function play(wish: Wish, events: readonly ReceptionEvent[]): string[] {
  let { state, effects } = ask(wish)
  const lines = [effects.map(describe).join(', ')]
  for (const event of events) {
    ;({ state, effects } = step(state, event))
    lines.push(effects.map(describe).join(', '))
  }
  return lines
}

function describe(effect: ReceptionEffect): string {
  switch (effect.type) {
    case 'send':
      return describePacket(effect.packet)
    case 'wait':
      return 'wait'
    case 'deliver':
      return `+${effect.data.length}`
    case 'finish':
      return effect.end.how
  }
}

function describePacket(packet: Packet): string {
  if (packet.type === 'ACK') return `ACK ${packet.block}`
  return packet.type === 'ERROR' ? `ERROR ${packet.code}` : packet.type
}

const received = (packet: Packet): ReceptionEvent => ({ type: 'packet', packet })
const oack = (values: Record<string, string | number>) => received({ type: 'OACK', options: options(values) })
const data = (block: number, size: number) => received({ type: 'DATA', block, data: content(size) })
const timeout: ReceptionEvent = { type: 'timeout' }
const AGREED = oack({ blksize: 8, tsize: 10 })

const ROWS: readonly [rule: string, wish: Wish, events: readonly ReceptionEvent[], lines: readonly string[]][] = [
  [
    'RFC 2347: ACK 0 answers the OACK, then each block is acknowledged',
    WISH,
    [AGREED, data(1, 8), data(2, 2)],
    ['RRQ, wait', 'ACK 0, wait', '+8, ACK 1, wait', '+2, ACK 2, done']
  ],
  ['RFC 1350: DATA 1 as the first answer means blocks of 512', WISH, [data(1, 80)], ['RRQ, wait', '+80, ACK 1, done']],
  [
    'a repeated block is acknowledged again and delivered once',
    WISH,
    [AGREED, data(1, 8), data(1, 8)],
    ['RRQ, wait', 'ACK 0, wait', '+8, ACK 1, wait', 'ACK 1, wait']
  ],
  [
    'a repeated OACK is acknowledged again, a late one is not',
    WISH,
    [AGREED, AGREED, data(1, 8), AGREED],
    ['RRQ, wait', 'ACK 0, wait', 'ACK 0, wait', '+8, ACK 1, wait', '']
  ],
  [
    'an OACK that agrees to nothing is one all the same',
    WISH,
    [oack({}), oack({}), data(1, 80)],
    ['RRQ, wait', 'ACK 0, wait', 'ACK 0, wait', '+80, ACK 1, done']
  ],
  [
    'blocks out of order and packets of a client are ignored',
    WISH,
    [data(2, 8), received(ack(0)), AGREED, data(0, 8), data(3, 8)],
    ['RRQ, wait', '', '', 'ACK 0, wait', '', '']
  ],
  [
    'a timeout repeats the request, and later the last ACK',
    WISH,
    [timeout, AGREED, timeout],
    ['RRQ, wait', 'RRQ, wait', 'ACK 0, wait', 'ACK 0, wait']
  ],
  [
    'the server counts as gone after the last try',
    WISH,
    [timeout, timeout, AGREED],
    ['RRQ, wait', 'RRQ, wait', 'silent', '']
  ],
  [
    "the server's ERROR ends it, unanswered",
    WISH,
    [received({ type: 'ERROR', code: 1, message: 'gone' })],
    ['RRQ, wait', 'refused']
  ],
  [
    'only the answer, as EDK2 asks for the size: ERROR 8',
    { ...WISH, onlyAnswer: true },
    [AGREED],
    ['RRQ, wait', 'ERROR 8, done']
  ],
  [
    'only the answer, from a server without options',
    { ...WISH, onlyAnswer: true },
    [data(1, 8)],
    ['RRQ, wait', 'ERROR 0, done']
  ],
  [
    'a tsize above the bound: no block is asked for',
    { ...WISH, maxBytes: 9 },
    [AGREED],
    ['RRQ, wait', 'ERROR 3, too-large']
  ],
  [
    'more bytes than the bound',
    { ...WISH, maxBytes: 9 },
    [oack({ blksize: 8 }), data(1, 8), data(2, 2)],
    ['RRQ, wait', 'ACK 0, wait', '+8, ACK 1, wait', 'ERROR 3, too-large']
  ],
  ['RFC 2347: an option nobody asked for', WISH, [oack({ timeout: 1 })], ['RRQ, wait', 'ERROR 8, violation']],
  ['RFC 2348: a larger block size than asked for', WISH, [oack({ blksize: 9 })], ['RRQ, wait', 'ERROR 8, violation']],
  ['a block size below 8', WISH, [oack({ blksize: 0 })], ['RRQ, wait', 'ERROR 8, violation']],
  ['a tsize that is no number', WISH, [oack({ tsize: 'x' })], ['RRQ, wait', 'ERROR 8, violation']],
  ['a block larger than agreed', WISH, [AGREED, data(1, 9)], ['RRQ, wait', 'ACK 0, wait', 'ERROR 4, violation']]
]

for (const [rule, wish, events, lines] of ROWS) {
  test(rule, (t) => t.deepEqual(play(wish, events), lines))
}
