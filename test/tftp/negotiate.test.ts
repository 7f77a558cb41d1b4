import test from 'ava'
import fc from 'fast-check'
import { blockSizeFor, type Negotiated, negotiate } from '../../src/tftp/negotiate.ts'
import { options } from './fakes.ts'

const LIMITS = { maxBlockSize: 1468, maxWindowSize: 64, maxWindowBytes: 32_768 }
const FILE_SIZE = 1_044_480

type Values = Record<string, string | number>
const ROWS: readonly [rule: string, asked: Values, accepted: Values, outcome: Partial<Negotiated>][] = [
  ['without options the block size is 512', {}, {}, {}],
  ['blksize as asked', { blksize: 1432 }, { blksize: 1432 }, { blockSize: 1432 }],
  ['RFC 2348: blksize of at least 8', { blksize: 8 }, { blksize: 8 }, { blockSize: 8 }],
  ['RFC 2348: blksize of less than 8 is left out', { blksize: 7 }, {}, {}],
  ['blksize never above what a frame holds', { blksize: 1469 }, { blksize: 1468 }, { blockSize: 1468 }],
  ['RFC 2348: blksize of up to 65464', { blksize: 65464 }, { blksize: 1468 }, { blockSize: 1468 }],
  ['RFC 2348: blksize above 65464 is left out', { blksize: 65465 }, {}, {}],
  ['blksize that is no number', { blksize: '14x8' }, {}, {}],
  ['blksize that only JavaScript calls a number', { blksize: '1e3' }, {}, {}],
  ['blksize with a sign', { blksize: '+512' }, {}, {}],
  ['blksize of nothing', { blksize: '' }, {}, {}],
  ['blksize with leading zeros', { blksize: '01024' }, { blksize: 1024 }, { blockSize: 1024 }],
  ['RFC 2349: tsize 0 asks for the size', { tsize: 0 }, { tsize: FILE_SIZE }, {}],
  ['RFC 2349: a read request has no other tsize', { tsize: 5 }, {}, {}],
  ['RFC 2349: timeout in seconds', { timeout: 3 }, { timeout: 3 }, { timeout: 3000 }],
  ['RFC 2349: timeout of up to 255', { timeout: 255 }, { timeout: 255 }, { timeout: 255_000 }],
  ['RFC 2349: timeout of at least 1', { timeout: 0 }, {}, {}],
  ['RFC 2349: timeout above 255 is left out', { timeout: 256 }, {}, {}],
  ['utimeout in microseconds', { utimeout: 10_500 }, { utimeout: 10_500 }, { timeout: 10.5 }],
  ['utimeout of up to 255 seconds', { utimeout: 255_000_000 }, { utimeout: 255_000_000 }, { timeout: 255_000 }],
  ['utimeout of less than 10 ms is left out', { utimeout: 9999 }, {}, {}],
  ['utimeout above 255 seconds is left out', { utimeout: 255_000_001 }, {}, {}],
  ['of both timeouts the first holds', { utimeout: 50_000, timeout: 2 }, { utimeout: 50_000 }, { timeout: 50 }],
  ['RFC 7440: windowsize as asked', { windowsize: 4 }, { windowsize: 4 }, { windowSize: 4 }],
  ['RFC 7440: windowsize of at least 1', { windowsize: 0 }, {}, {}],
  ['RFC 7440: windowsize of up to 65535', { windowsize: 65_535 }, { windowsize: 64 }, { windowSize: 64 }],
  [
    'a window holds no more bytes than a receive buffer, whichever option comes first',
    { windowsize: 64, blksize: 1468 },
    { windowsize: 22, blksize: 1468 },
    { windowSize: 22, blockSize: 1468 }
  ],
  ['RFC 7440: windowsize above 65535 is left out', { windowsize: 65_536 }, {}, {}],
  ['RFC 2347: unknown options are left out', { multicast: '', tsize: 0 }, { tsize: FILE_SIZE }, {}],
  [
    "EDK2's request",
    { tsize: 0, blksize: 1468, windowsize: 4 },
    { tsize: FILE_SIZE, blksize: 1468, windowsize: 4 },
    { blockSize: 1468, windowSize: 4 }
  ]
]

for (const [rule, asked, accepted, outcome] of ROWS) {
  test(rule, (t) => {
    const negotiated = negotiate(options(asked), FILE_SIZE, LIMITS)
    t.deepEqual(negotiated, {
      blockSize: 512,
      windowSize: 1,
      timeout: undefined,
      ...outcome,
      accepted: options(accepted)
    })
  })
}

test('nothing is accepted that was not asked for, and no block is larger than asked or allowed', (t) => {
  const value = fc.oneof(fc.nat(70_000).map(String), fc.string())
  const asked = fc.dictionary(fc.constantFrom('blksize', 'tsize', 'timeout', 'utimeout', 'windowsize', 'x'), value)
  fc.assert(
    fc.property(asked, fc.integer({ min: 512, max: 65464 }), (values, maxBlockSize) => {
      const { accepted, blockSize, windowSize } = negotiate(options(values), FILE_SIZE, { ...LIMITS, maxBlockSize })
      t.true([...accepted.keys()].every((name) => name in values))
      t.true(blockSize <= maxBlockSize)
      t.true(windowSize <= (accepted.has('windowsize') ? Math.min(LIMITS.maxWindowSize, Number(values.windowsize)) : 1))
      if (accepted.has('blksize')) t.true(blockSize <= Number(values.blksize))
    })
  )
})

for (const [mtu, blockSize] of [
  [1500, 1468],
  [9000, 8968],
  [65_536, 65_464],
  [16, 8]
] as const) {
  test(`a path of ${mtu} bytes takes blocks of ${blockSize}`, (t) => t.is(blockSizeFor(mtu), blockSize))
}
