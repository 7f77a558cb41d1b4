import test from 'ava'
import type { Packet } from '../../src/tftp/codec.ts'
import {
  begin,
  isAbandoned,
  type Plan,
  step,
  type Transfer,
  type TransferEffect,
  type TransferEvent
} from '../../src/tftp/transfer.ts'
import { ack, content, options } from './fakes.ts'

const PLAIN: Plan = { accepted: options(), blockSize: 512, timeout: 1, backoff: 2, size: 700, tries: 6 }
const AGREED: Plan = { ...PLAIN, accepted: options({ blksize: 8 }), blockSize: 8, size: 20 }

/** Goes through events, reading blocks as asked, and writes down what came of each event. */
function play(plan: Plan, events: readonly TransferEvent[]): string[] {
  let { state, effects } = begin(plan)
  const file = content(plan.size)
  const line = (): string => {
    const words: string[] = []
    for (let queue = [...effects]; queue.length > 0; ) {
      const effect = queue.shift() as TransferEffect
      if (effect.type !== 'read') {
        words.push(describe(effect))
      } else {
        const data = file.subarray(effect.offset, effect.offset + effect.length)
        const next = step(state, { type: 'block', data })
        state = next.state
        queue = [...next.effects, ...queue]
      }
    }
    return words.join(', ')
  }
  const lines = [line()]
  for (const event of events) {
    ;({ state, effects } = step(state, event))
    lines.push(line())
  }
  return lines
}

function describe(effect: TransferEffect): string {
  switch (effect.type) {
    case 'send':
      return describePacket(effect.packet)
    case 'wait':
      return `wait ${effect.milliseconds}`
    case 'read':
      return `read ${effect.length} at ${effect.offset}`
    case 'finish':
      return JSON.stringify(effect.end)
  }
}

function describePacket(packet: Packet): string {
  if (packet.type === 'DATA') return `DATA ${packet.block} (${packet.data.length})`
  return packet.type === 'ERROR' ? `ERROR ${packet.code}` : packet.type
}

const acked = (block: number): TransferEvent => ({ type: 'packet', packet: ack(block) })
const error = (code: number, message: string): TransferEvent => ({
  type: 'packet',
  packet: { type: 'ERROR', code, message }
})
const timeout: TransferEvent = { type: 'timeout' }
const DONE = '{"how":"done"}'

const ROWS: readonly [rule: string, plan: Plan, events: readonly TransferEvent[], lines: readonly string[]][] = [
  [
    'RFC 1350: blocks from 1, each after the ACK of the one before, the short one is the last',
    PLAIN,
    [acked(1), acked(2)],
    ['DATA 1 (512), wait 1000', 'DATA 2 (188), wait 1000', DONE]
  ],
  [
    'RFC 1350: a file of a whole number of blocks ends with an empty one',
    { ...PLAIN, size: 512 },
    [acked(1), acked(2)],
    ['DATA 1 (512), wait 1000', 'DATA 2 (0), wait 1000', DONE]
  ],
  ['RFC 1350: an empty file is one empty block', { ...PLAIN, size: 0 }, [acked(1)], ['DATA 1 (0), wait 1000', DONE]],
  [
    'RFC 2347: an OACK comes first, and ACK 0 is its answer',
    AGREED,
    [acked(0), acked(1)],
    ['OACK, wait 1000', 'DATA 1 (8), wait 1000', 'DATA 2 (8), wait 1000']
  ],
  [
    "RFC 1123, 4.2.3.1: a repeated ACK is not answered (Sorcerer's Apprentice)",
    AGREED,
    [acked(0), acked(0), acked(1), acked(0), acked(1)],
    ['OACK, wait 1000', 'DATA 1 (8), wait 1000', '', 'DATA 2 (8), wait 1000', '', '']
  ],
  ['an ACK of what was not sent yet is ignored', PLAIN, [acked(2), acked(0)], ['DATA 1 (512), wait 1000', '', '']],
  [
    'only a timeout sends again, each later by twice the wait',
    PLAIN,
    [timeout, timeout, acked(1)],
    ['DATA 1 (512), wait 1000', 'DATA 1 (512), wait 2000', 'DATA 1 (512), wait 4000', 'DATA 2 (188), wait 1000']
  ],
  [
    'RFC 2349: an agreed timeout stays the same',
    { ...AGREED, timeout: 3, backoff: 1 },
    [timeout, timeout],
    ['OACK, wait 3000', 'OACK, wait 3000', 'OACK, wait 3000']
  ],
  [
    'after the last try the client counts as gone',
    { ...AGREED, tries: 2 },
    [acked(0), timeout, timeout, acked(1)],
    ['OACK, wait 1000', 'DATA 1 (8), wait 1000', 'DATA 1 (8), wait 2000', '{"how":"silent","block":1,"last":false}', '']
  ],
  [
    'a client that leaves out only the last ACK is told apart',
    { ...PLAIN, size: 1, tries: 1 },
    [timeout],
    ['DATA 1 (1), wait 1000', '{"how":"silent","block":1,"last":true}']
  ],
  [
    'EDK2 asks for the size and ends with ERROR 8: its transfer ends at block 0, unanswered',
    AGREED,
    [error(8, 'User aborted the transfer')],
    ['OACK, wait 1000', '{"how":"aborted","block":0,"code":8,"message":"User aborted the transfer"}']
  ],
  [
    "the client's ERROR ends it anywhere",
    PLAIN,
    [acked(1), error(3, 'disk full'), acked(2)],
    [
      'DATA 1 (512), wait 1000',
      'DATA 2 (188), wait 1000',
      '{"how":"aborted","block":2,"code":3,"message":"disk full"}',
      ''
    ]
  ],
  [
    'packets that a client has no business to send are ignored',
    PLAIN,
    [
      { type: 'packet', packet: { type: 'DATA', block: 1, data: content(1) } },
      { type: 'packet', packet: { type: 'OACK', options: options() } }
    ],
    ['DATA 1 (512), wait 1000', '', '']
  ],
  [
    'a stop tells the client why',
    PLAIN,
    [{ type: 'stop', reason: 'stopping', tell: true }],
    ['DATA 1 (512), wait 1000', 'ERROR 0, {"how":"stopped","reason":"stopping"}']
  ],
  [
    'a stop can be silent',
    PLAIN,
    [{ type: 'stop', reason: 'asked anew', tell: false }],
    ['DATA 1 (512), wait 1000', '{"how":"stopped","reason":"asked anew"}']
  ]
]

for (const [rule, plan, events, lines] of ROWS) {
  test(rule, (t) => t.deepEqual(play(plan, events), lines))
}

const READING: Transfer = { phase: 'reading', plan: PLAIN, block: 1 }

test('while a block is read, neither an ACK nor an old timer does anything', (t) => {
  for (const event of [acked(0), acked(1), timeout]) t.deepEqual(step(READING, event), { state: READING, effects: [] })
})

test('a block that nobody waits for is dropped', (t) => {
  const { state } = step(READING, { type: 'block', data: content(512) })
  t.deepEqual(step(state, { type: 'block', data: content(512) }), { state, effects: [] })
})

const UNREADABLE: readonly [what: string, event: TransferEvent, message: string][] = [
  ['a file that became shorter', { type: 'block', data: content(100) }, 'the file became shorter while it was sent'],
  ['a read that fails', { type: 'unreadable', message: 'EIO' }, 'EIO']
]

for (const [what, event, message] of UNREADABLE) {
  test(`${what} ends in an ERROR, not in half a loader`, (t) => {
    const { state, effects } = step(READING, event)
    t.is(state.phase, 'ended')
    t.deepEqual(effects.map(describe), ['ERROR 0', JSON.stringify({ how: 'unreadable', message })])
  })
}

test('after block 65535 comes 0, and the offset goes on', (t) => {
  const plan: Plan = { ...AGREED, size: 8 * 70_000 }
  const sent: Transfer = { phase: 'sent', plan, block: 65_535, packet: ack(0), tries: 1 }
  const { state, effects } = step(sent, acked(65_535))
  t.deepEqual(effects, [{ type: 'read', offset: 8 * 65_535, length: 8 }])
  const next = step(state, { type: 'block', data: content(8) })
  t.deepEqual(next.effects.map(describe), ['DATA 0 (8)', 'wait 1000'])
  t.deepEqual(step(next.state, acked(0)).effects, [{ type: 'read', offset: 8 * 65_536, length: 8 }])
})

const ABANDONED: readonly [what: string, state: Transfer, abandoned: boolean][] = [
  [
    'the first packet waits for its first ACK',
    { phase: 'sent', plan: AGREED, block: 0, packet: ack(0), tries: 3 },
    false
  ],
  ['the same without an OACK', { phase: 'sent', plan: PLAIN, block: 1, packet: ack(0), tries: 3 }, false],
  ['a transfer that goes on', { phase: 'sent', plan: AGREED, block: 1, packet: ack(0), tries: 1 }, false],
  ['a file that is read', READING, false],
  [
    'a client that answered once and fell silent',
    { phase: 'sent', plan: AGREED, block: 1, packet: ack(0), tries: 2 },
    true
  ],
  ['a transfer that is over', { phase: 'ended' }, true]
]

for (const [what, state, abandoned] of ABANDONED) {
  test(`${what}: ${abandoned ? '' : 'not '}abandoned`, (t) => t.is(isAbandoned(state), abandoned))
}
