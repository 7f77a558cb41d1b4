import test from 'ava'
import { type Answer, describeAnswer, describeEnd, describeRequest, printable } from '../../src/tftp/report.ts'
import type { Plan, TransferEnd } from '../../src/tftp/transfer.ts'
import { options, rrq } from './fakes.ts'

const PLAN: Plan = {
  accepted: options(),
  blockSize: 512,
  windowSize: 1,
  timeout: undefined,
  size: 999,
  patience: 30_000,
  tries: 4
}

test('a request is its file and options, a tsize of 0 without its value', (t) => {
  t.is(describeRequest(rrq('ipxe.efi', { blksize: 1468, tsize: 0 })), 'RRQ ipxe.efi blksize=1468 tsize')
})

const SIZES: readonly [size: number, text: string][] = [
  [0, 'DATA, 0 B'],
  [999, 'DATA, 999 B'],
  [1000, 'DATA, 1.0 kB'],
  [1_044_480, 'DATA, 1.0 MB']
]

for (const [size, text] of SIZES) {
  test(`${size} bytes without options: ${text}`, (t) => t.is(describeAnswer({ ...PLAN, size }).answered, text))
}

const ENDS: readonly [end: TransferEnd, sendError: string | undefined, answer: Answer][] = [
  [{ how: 'done' }, undefined, { answered: 'done: 999 bytes in 12 ms', level: 'info', outcome: 'done' }],
  [
    { how: 'aborted', block: 0, code: 8, message: 'User aborted' },
    undefined,
    { answered: 'the client ended it at block 0: ERROR 8 User aborted', level: 'debug', outcome: 'aborted' }
  ],
  [
    { how: 'aborted', block: 2, code: 3, message: '' },
    undefined,
    { answered: 'the client ended it at block 2: ERROR 3', level: 'info', outcome: 'aborted' }
  ],
  [
    { how: 'silent', block: 1, last: false },
    undefined,
    { answered: 'given up: no ACK of block 1 for 30 s', level: 'info', outcome: 'timeout' }
  ],
  [
    { how: 'silent', block: 2, last: true },
    undefined,
    { answered: 'given up: no ACK of the last block for 30 s', level: 'info', outcome: 'timeout' }
  ],
  [
    { how: 'silent', block: 0, last: false },
    'send EPERM',
    {
      answered: 'given up: no ACK of the OACK for 30 s; sending failed: send EPERM',
      level: 'warn',
      outcome: 'timeout'
    }
  ],
  [
    { how: 'unreachable', block: 3, last: false },
    undefined,
    {
      answered: 'given up: no ACK of block 3 and its host says that nobody listens',
      level: 'info',
      outcome: 'timeout'
    }
  ],
  [{ how: 'unreadable', message: 'EIO' }, undefined, { answered: 'ERROR 0: EIO', level: 'warn', outcome: 'failed' }],
  [
    { how: 'stopped', reason: 'the server is stopping' },
    undefined,
    { answered: 'ended: the server is stopping', level: 'info', outcome: 'stopped' }
  ]
]

for (const [end, sendError, answer] of ENDS) {
  test(`${answer.level}: ${answer.answered}`, (t) => t.deepEqual(describeEnd(end, PLAN, 12.3, sendError), answer))
}

test('what a client sent is cut and cleaned for the log', (t) => {
  t.is(printable('x'.repeat(201)), `${'x'.repeat(200)}...`)
  t.is(printable('a\r\nb\u202e'), 'a\ufffd\ufffdb\ufffd')
})
