import test from 'ava'
import { ADDRESS_RULES, type Standing, type Terms } from '../../src/pair/address-rules.ts'

const { latestEnd, mayAllocate, mayRenew, solitude } = ADDRESS_RULES
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = 1000 * HOUR
const TERMS: Terms = { mclt: 10 * MINUTE, autonomy: 24 * HOUR, longestLease: HOUR, skew: 0, slack: 10_000 }
const CONTACT = { agreedUntil: NOW - 2 * HOUR, heardAt: NOW - 2 * HOUR, confirmedAt: NOW - 2 * HOUR }
const APART: Standing = { mode: 'apart', ...CONTACT }
const held = (expiresAt: number, knownUntil = expiresAt) => ({ expiresAt, knownUntil })
const sole = (fenced: boolean, before: Standing = APART): Standing => ({
  mode: 'sole',
  ...solitude(before, fenced, NOW, TERMS)
})

const OVER = held(NOW - 5 * HOUR)
const ENDED_APART = held(NOW - HOUR)
const RUNNING = held(NOW + MINUTE)

/** Whether an address may be given to somebody else: of the own share, of the other's. */
const ALLOCATIONS: readonly (readonly [string, Standing, ReturnType<typeof held> | undefined, boolean, boolean])[] = [
  ['before there is another instance: never used', { mode: 'first' }, undefined, true, true],
  ['together: never used', { mode: 'together' }, undefined, true, false],
  ['together: ended', { mode: 'together' }, OVER, true, false],
  ['together: running', { mode: 'together' }, RUNNING, false, false],
  ['catching up: never used', { mode: 'meeting', ...CONTACT }, undefined, true, false],
  ['catching up: ended since', { mode: 'meeting', ...CONTACT }, ENDED_APART, false, false],
  ['apart: never used', APART, undefined, true, false],
  ['apart: both knew that it had ended', APART, OVER, true, false],
  ['apart: ended since', APART, ENDED_APART, false, false],
  [
    'apart for longer than an instance goes on by itself',
    { ...APART, confirmedAt: NOW - 25 * HOUR },
    undefined,
    false,
    false
  ],
  ['restarted: never used', { mode: 'restarted' }, undefined, false, false],
  ['restarted: ended', { mode: 'restarted' }, OVER, false, false],
  ['new: never used', { mode: 'new' }, undefined, false, false],
  ['just made sole: never used', sole(true), undefined, true, false],
  ['just made sole: ended since', sole(true), ENDED_APART, false, false],
  ['just made sole after a restart: never used', sole(true, { mode: 'restarted' }), undefined, false, false]
]

for (const [name, standing, last, own, others] of ALLOCATIONS) {
  test(`${name}: given from the own share ${own}, from the other's ${others}`, (t) => {
    t.is(mayAllocate(standing, true, last, NOW, TERMS), own)
    t.is(mayAllocate(standing, false, last, NOW, TERMS), others)
  })
}

const later = (milliseconds: number) => NOW + milliseconds + TERMS.mclt + TERMS.slack

test('made sole by fencing, it takes over what the other gave after the entry and MCLT, and each lease after its known end and MCLT', (t) => {
  const standing = sole(true)
  t.false(mayAllocate(standing, false, undefined, later(-1), TERMS))
  t.true(mayAllocate(standing, false, undefined, later(0), TERMS))
  t.false(mayAllocate(standing, true, RUNNING, later(MINUTE - 1), TERMS))
  t.true(mayAllocate(standing, true, RUNNING, later(MINUTE), TERMS))
})

test('made sole by a mere word, it waits until the other one has stopped giving out addresses by itself, should it be alive', (t) => {
  const standing = sole(false)
  const until = CONTACT.heardAt + TERMS.autonomy - NOW
  t.false(mayAllocate(standing, false, undefined, later(until - 1), TERMS))
  t.true(mayAllocate(standing, false, undefined, later(until), TERMS))
})

test('made sole after a restart, it waits for the longest lease there can be and MCLT, with its own addresses too', (t) => {
  const standing = sole(true, { mode: 'restarted' })
  for (const own of [true, false]) {
    t.false(mayAllocate(standing, own, undefined, later(TERMS.longestLease - 1), TERMS))
    t.true(mayAllocate(standing, own, undefined, later(TERMS.longestLease), TERMS))
  }
})

test('made sole when its autonomy had ended long ago, it waits with its own addresses too: the other may have been sole', (t) => {
  const standing = sole(true, { ...APART, confirmedAt: NOW - 25 * HOUR })
  t.false(mayAllocate(standing, true, undefined, later(-1), TERMS))
  t.true(mayAllocate(standing, true, undefined, later(0), TERMS))
})

test('clocks that are apart make together wait by as much before an address is given to somebody else', (t) => {
  const skewed = { ...TERMS, skew: HOUR, slack: TERMS.slack + HOUR }
  t.false(mayAllocate({ mode: 'together' }, true, ENDED_APART, NOW - 1, skewed))
  t.true(mayAllocate({ mode: 'together' }, true, ENDED_APART, NOW, skewed))
  t.true(mayRenew({ mode: 'together' }, false, ENDED_APART, NOW - 1, skewed), 'but not before its own client goes on')
})

const RENEWALS: readonly (readonly [string, Standing, ReturnType<typeof held>, boolean, boolean])[] = [
  ['together: running', { mode: 'together' }, RUNNING, true, true],
  ['together: ended', { mode: 'together' }, OVER, true, false],
  ['apart: running', APART, RUNNING, true, true],
  ['apart: ended since', APART, ENDED_APART, true, true],
  ['apart: ended before', APART, OVER, true, false],
  ['catching up: ended since', { mode: 'meeting', ...CONTACT }, ENDED_APART, false, false],
  ['sole: ended since', sole(true), ENDED_APART, true, true],
  ['restarted: running', { mode: 'restarted' }, RUNNING, true, true],
  ['new: running', { mode: 'new' }, RUNNING, false, false]
]

for (const [name, standing, last, own, others] of RENEWALS) {
  test(`${name}: its client may go on, in the own share ${own}, in the other's ${others}`, (t) => {
    t.is(mayRenew(standing, true, last, NOW, TERMS), own)
    t.is(mayRenew(standing, false, last, NOW, TERMS), others)
  })
}

const ENDS: readonly (readonly [string, Standing, ReturnType<typeof held> | undefined, number])[] = [
  ['together', { mode: 'together' }, undefined, Number.POSITIVE_INFINITY],
  ['apart, unknown to the other', APART, undefined, NOW + TERMS.mclt],
  ['apart, known to the other for longer', APART, held(NOW + HOUR), NOW + HOUR + TERMS.mclt],
  ['apart, ended as far as the other knows', APART, held(NOW + HOUR, NOW - HOUR), NOW + TERMS.mclt],
  [
    'apart for long',
    { ...APART, confirmedAt: NOW - 25 * HOUR },
    held(NOW + 1, NOW - 3 * HOUR),
    NOW - HOUR + TERMS.mclt
  ],
  ['restarted, known to the other', { mode: 'restarted' }, held(NOW + HOUR), NOW + HOUR + TERMS.mclt],
  ['restarted, unknown to the other', { mode: 'restarted' }, held(NOW + HOUR, 0), 0],
  ['sole, the other one being off', sole(true), undefined, NOW + TERMS.longestLease],
  ['sole, the other one being out of reach', sole(false), undefined, NOW + TERMS.mclt]
]

for (const [name, standing, last, end] of ENDS) {
  test(`a lease is given until no later than is right: ${name}`, (t) => {
    t.is(latestEnd(standing, last, NOW, TERMS), end)
  })
}
