import test from 'ava'
import type { Packet } from '../../src/tftp/codec.ts'
import {
  begin,
  bytesTaken,
  deadlineOf,
  isAbandoned,
  type Plan,
  type Running,
  type Send,
  step,
  type TransferEvent,
  type TransferStep
} from '../../src/tftp/transfer.ts'
import { ack, content, options } from './fakes.ts'

const PLAIN: Plan = {
  accepted: options(),
  blockSize: 512,
  windowSize: 1,
  timeout: undefined,
  size: 1200,
  patience: 30_000,
  tries: 4
}
const AGREED: Plan = { ...PLAIN, accepted: options({ blksize: 8 }), blockSize: 8, size: 60 }
const WINDOW: Plan = { ...AGREED, windowSize: 4, size: 80 }

/** An event, and the milliseconds that passed since the one before. */
type Happening = readonly [after: number, event: TransferEvent]

/** Goes through events, and writes down what came of each: what was sent, and when the next timeout is due from then. */
function play(plan: Plan, happenings: readonly Happening[]): string[] {
  let now = 0
  let next = begin(plan, now)
  const lines = [lineOf(next, now)]
  for (const [after, event] of happenings) {
    now += after
    next = step(next.state, event, now)
    lines.push(lineOf(next, now))
  }
  return lines
}

function lineOf({ state, sends }: TransferStep, now: number): string {
  const words = sends.map(describe)
  if (state.phase === 'ended') words.push(JSON.stringify(state.end))
  else words.push(`due ${Math.round(deadlineOf(state) - now)}`)
  return words.join(', ')
}

function describe(send: Send): string {
  if (send.type === 'packet') return send.packet.type === 'ERROR' ? `ERROR ${send.packet.code}` : send.packet.type
  const last = send.first + send.count - 1
  return `DATA ${send.first === last ? last : `${send.first}-${last}`}`
}

const packet = (given: Packet): TransferEvent => ({ type: 'packet', packet: given })
const acked = (block: number) => packet(ack(block))
const error = (code: number, message: string) => packet({ type: 'ERROR', code, message })
const timeout: TransferEvent = { type: 'timeout' }
const unreachable: TransferEvent = { type: 'unreachable' }
const DONE = '{"how":"done"}'

const ROWS: readonly [rule: string, plan: Plan, happenings: readonly Happening[], lines: readonly string[]][] = [
  [
    'RFC 1350: blocks from 1, each after the ACK of the one before, the short one is the last',
    PLAIN,
    [
      [4, acked(1)],
      [4, acked(2)],
      [4, acked(3)]
    ],
    ['DATA 1, due 500', 'DATA 2, due 50', 'DATA 3, due 50', DONE]
  ],
  [
    'RFC 1350: a file of a whole number of blocks ends with an empty one',
    { ...PLAIN, size: 512 },
    [
      [1, acked(1)],
      [1, acked(2)]
    ],
    ['DATA 1, due 500', 'DATA 2, due 50', DONE]
  ],
  ['RFC 1350: an empty file is one empty block', { ...PLAIN, size: 0 }, [[1, acked(1)]], ['DATA 1, due 500', DONE]],
  [
    'RFC 2347: an OACK comes first, and ACK 0 is its answer',
    AGREED,
    [
      [1, acked(0)],
      [1, acked(1)]
    ],
    ['OACK, due 500', 'DATA 1, due 50', 'DATA 2, due 50']
  ],
  [
    "RFC 1123, 4.2.3.1: a repeated ACK is not answered (Sorcerer's Apprentice)",
    AGREED,
    [
      [1, acked(0)],
      [1, acked(0)],
      [1, acked(1)],
      [1, acked(0)],
      [1, acked(1)]
    ],
    ['OACK, due 500', 'DATA 1, due 50', 'due 49', 'DATA 2, due 50', 'due 49', 'due 48']
  ],
  [
    'an ACK of what was not sent yet is ignored',
    PLAIN,
    [
      [1, acked(2)],
      [1, acked(0)]
    ],
    ['DATA 1, due 500', 'due 499', 'due 498']
  ],
  [
    'RFC 7440: a window leaves at once, and the ACK of its last block brings the next',
    WINDOW,
    [
      [1, acked(0)],
      [1, acked(4)],
      [1, acked(8)],
      [1, acked(11)]
    ],
    ['OACK, due 500', 'DATA 1-4, due 50', 'DATA 5-8, due 50', 'DATA 9-11, due 50', DONE]
  ],
  [
    'RFC 7440: an ACK within a window tells of a gap: the next window begins after it',
    WINDOW,
    [
      [1, acked(0)],
      [1, acked(2)],
      [1, acked(2)],
      [1, acked(1)],
      [1, acked(4)],
      [1, acked(6)]
    ],
    [
      'OACK, due 500',
      'DATA 1-4, due 50',
      'DATA 3-6, due 50',
      'due 49',
      'due 48',
      'DATA 5-8, due 50',
      'DATA 7-10, due 50'
    ]
  ],
  [
    'RFC 7440: a window that is lost whole is sent again on a timeout alone',
    WINDOW,
    [
      [1, acked(0)],
      [20, acked(0)],
      [30, timeout],
      [1, acked(4)]
    ],
    ['OACK, due 500', 'DATA 1-4, due 50', 'due 30', 'DATA 1-4, due 100', 'DATA 5-8, due 100']
  ],
  [
    'RFC 6298: each timeout in a row is twice as long, up to 5 s, and a measured round trip ends that',
    PLAIN,
    [
      [500, timeout],
      [1000, timeout],
      [2000, timeout],
      [4000, timeout],
      [5000, timeout],
      [1, acked(1)],
      [1, acked(2)]
    ],
    [
      'DATA 1, due 500',
      'DATA 1, due 1000',
      'DATA 1, due 2000',
      'DATA 1, due 4000',
      'DATA 1, due 5000',
      'DATA 1, due 5000',
      'DATA 2, due 5000',
      'DATA 3, due 50'
    ]
  ],
  [
    "Karn: the ACK of what was sent twice measures nothing; a slow client's round trip is learned from the next",
    AGREED,
    [
      [100, acked(0)],
      [300, timeout],
      [100, acked(1)],
      [400, acked(2)]
    ],
    ['OACK, due 500', 'DATA 1, due 300', 'DATA 1, due 600', 'DATA 2, due 600', 'DATA 3, due 588']
  ],
  ['a timer that comes too early changes nothing', PLAIN, [[499, timeout]], ['DATA 1, due 500', 'due 1']],
  [
    'RFC 2349: a timeout that the client asked for is waited for, each time the same, until a round trip is measured, and never longer',
    { ...AGREED, timeout: 3000 },
    [
      [3000, timeout],
      [3000, timeout],
      [5, acked(0)],
      [5, acked(1)],
      [50, timeout],
      [100, timeout]
    ],
    [
      'OACK, due 3000',
      'OACK, due 3000',
      'OACK, due 3000',
      'DATA 1, due 3000',
      'DATA 2, due 50',
      'DATA 2, due 100',
      'DATA 2, due 200'
    ]
  ],
  [
    'a measured wait is never longer than the timeout that was asked for',
    { ...AGREED, timeout: 1000 },
    [
      [800, acked(0)],
      [10, acked(1)]
    ],
    ['OACK, due 1000', 'DATA 1, due 1000', 'DATA 2, due 1000']
  ],
  [
    'a client that was not heard for the patience and the tries counts as gone',
    { ...AGREED, timeout: 1000, patience: 2500, tries: 2 },
    [
      [1, acked(0)],
      [1000, timeout],
      [1000, timeout],
      [1000, timeout],
      [1, acked(1)]
    ],
    [
      'OACK, due 1000',
      'DATA 1, due 50',
      'DATA 1, due 100',
      'DATA 1, due 200',
      '{"how":"silent","block":1,"last":false}',
      '{"how":"silent","block":1,"last":false}'
    ]
  ],
  [
    'a client that leaves out only the last ACK is told apart',
    { ...PLAIN, size: 1, tries: 1, patience: 100 },
    [[500, timeout]],
    ['DATA 1, due 500', '{"how":"silent","block":1,"last":true}']
  ],
  [
    'a port that nobody listens at ends it, but not before it was asked twice: firmware changes its way of listening',
    AGREED,
    [
      [1, unreachable],
      [499, timeout],
      [1, unreachable]
    ],
    ['OACK, due 500', 'due 499', 'OACK, due 1000', '{"how":"unreachable","block":0,"last":false}']
  ],
  [
    'EDK2 asks for the size and ends with ERROR 8: its transfer ends at block 0, unanswered',
    AGREED,
    [[1, error(8, 'User aborted the transfer')]],
    ['OACK, due 500', '{"how":"aborted","block":0,"code":8,"message":"User aborted the transfer"}']
  ],
  [
    "the client's ERROR ends it anywhere",
    PLAIN,
    [
      [1, acked(1)],
      [1, error(3, 'disk full')]
    ],
    ['DATA 1, due 500', 'DATA 2, due 50', '{"how":"aborted","block":2,"code":3,"message":"disk full"}']
  ],
  [
    'packets that a client has no business to send are ignored',
    PLAIN,
    [
      [1, packet({ type: 'DATA', block: 1, data: content(1) })],
      [1, packet({ type: 'OACK', options: options() })]
    ],
    ['DATA 1, due 500', 'due 499', 'due 498']
  ],
  [
    'a file that can not be read on ends in an ERROR, not in half a loader',
    PLAIN,
    [[1, { type: 'unreadable', message: 'EIO' }]],
    ['DATA 1, due 500', 'ERROR 0, {"how":"unreadable","message":"EIO"}']
  ],
  [
    'a stop tells the client why',
    PLAIN,
    [[1, { type: 'stop', reason: 'stopping', tell: true }]],
    ['DATA 1, due 500', 'ERROR 0, {"how":"stopped","reason":"stopping"}']
  ],
  [
    'a stop can be silent',
    PLAIN,
    [[1, { type: 'stop', reason: 'asked anew', tell: false }]],
    ['DATA 1, due 500', '{"how":"stopped","reason":"asked anew"}']
  ]
]

for (const [rule, plan, happenings, lines] of ROWS) {
  test(rule, (t) => t.deepEqual(play(plan, happenings), lines))
}

const running = (given: Partial<Running>): Running => ({ ...(begin(AGREED, 0).state as Running), ...given })

test('after block 65535 comes 0, and the blocks go on', (t) => {
  const plan: Plan = { ...WINDOW, size: 8 * 70_000 }
  const state = running({ plan, acked: 65_532, sent: 65_536 })
  const next = step(state, acked(0), 1)
  t.deepEqual(next.sends, [{ type: 'blocks', first: 65_537, count: 4 }])
  t.deepEqual(step(state, acked(65_534), 1).sends, [{ type: 'blocks', first: 65_535, count: 4 }])
  t.is(bytesTaken(next.state as Running), 65_536 * 8)
})

test('an ACK that is 65,536 blocks old looks like no new one', (t) => {
  const state = running({ plan: { ...WINDOW, size: 8 * 70_000 }, acked: 65_600, sent: 65_604 })
  t.deepEqual(step(state, acked(60), 1), { state, sends: [] })
})

const ABANDONED: readonly [what: string, state: Running, now: number, abandoned: boolean][] = [
  ['the first packet waits for its first ACK', running({ timeouts: 3 }), 9000, false],
  ['the same without an OACK', running({ plan: PLAIN, acked: 0, timeouts: 3 }), 9000, false],
  ['a transfer that goes on', running({ acked: 1 }), 10, false],
  ['a client that answered once and missed a packet', running({ acked: 0, timeouts: 1 }), 60, false],
  ['a client that answered once and fell silent', running({ acked: 0, timeouts: 3 }), 1001, true]
]

for (const [what, state, now, abandoned] of ABANDONED) {
  test(`${what}: ${abandoned ? '' : 'not '}abandoned`, (t) => t.is(isAbandoned(state, now), abandoned))
}

test('a transfer that is over: abandoned', (t) => t.true(isAbandoned({ phase: 'ended', end: { how: 'done' } }, 0)))

test('a client that always loses the end of a window is not waited for longer and longer', (t) => {
  const plan: Plan = { ...WINDOW, size: 800 }
  let now = 0
  let next = step(begin(plan, now).state, acked(0), now + 1)
  const waits: number[] = []
  for (let block = 2; block <= 20; block += 2) {
    const { state } = next
    if (state.phase === 'ended') return t.fail(JSON.stringify(state.end))
    waits.push(deadlineOf(state) - state.sentAt)
    now = deadlineOf(state)
    // Half of each window arrives, which the client says only when it sees that half again.
    next = step(step(state, { type: 'timeout' }, now).state, acked(block), now + 1)
  }
  t.true(Math.max(...waits) <= 250, `milliseconds before each window is sent again: ${waits}`)
})
