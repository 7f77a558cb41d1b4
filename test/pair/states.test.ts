import test from 'ava'
import { ADDRESS_RULES, type Contact, type Terms } from '../../src/pair/address-rules.ts'
import { type PairEvent, type PairState, standingOf, step } from '../../src/pair/states.ts'

const MINUTE = 60_000
const NOW = 1000 * MINUTE
const TERMS: Terms = {
  mclt: 10 * MINUTE,
  autonomy: 24 * 60 * MINUTE,
  longestLease: 60 * MINUTE,
  skew: 0,
  slack: 10_000
}
const CONTACT: Contact = { agreedUntil: NOW - 3, heardAt: NOW - 1, confirmedAt: NOW - 2 }
const AGREED = { agreedUntil: NOW - 500 }

const after = (state: PairState, event: PairEvent) =>
  step(state, event, { now: NOW, contact: CONTACT, terms: TERMS, rules: ADDRESS_RULES })

const SOLE = after({ name: 'COMM_INT', since: 1, before: AGREED }, { kind: 'partner-down', fenced: true }).state
const STATES: Record<string, PairState> = {
  NORMAL: { name: 'NORMAL', since: 1 },
  'CATCHING_UP, first': { name: 'CATCHING_UP', since: 1, before: 'first' },
  'CATCHING_UP, new': { name: 'CATCHING_UP', since: 1, before: 'new' },
  'CATCHING_UP, restarted': { name: 'CATCHING_UP', since: 1, before: 'restarted' },
  'CATCHING_UP, agreed': { name: 'CATCHING_UP', since: 1, before: AGREED },
  'COMM_INT, first': { name: 'COMM_INT', since: 1, before: 'first' },
  'COMM_INT, new': { name: 'COMM_INT', since: 1, before: 'new' },
  'COMM_INT, restarted': { name: 'COMM_INT', since: 1, before: 'restarted' },
  'COMM_INT, agreed': { name: 'COMM_INT', since: 1, before: AGREED },
  PARTNER_DOWN: SOLE
}
const EVENTS: Record<string, PairEvent> = {
  connected: { kind: 'connected' },
  'has-all': { kind: 'has-all' },
  'in-step': { kind: 'in-step' },
  disconnected: { kind: 'disconnected' },
  lapsed: { kind: 'lapsed' },
  heard: { kind: 'heard' },
  'partner-down': { kind: 'partner-down', fenced: false }
}

/** For each state, where each event leads; what isn't named changes nothing. */
const TABLE: Record<string, Record<string, string>> = {
  NORMAL: { disconnected: 'COMM_INT, agreed' },
  'CATCHING_UP, first': { 'has-all': 'CATCHING_UP, agreed', 'in-step': 'NORMAL', disconnected: 'COMM_INT, first' },
  'CATCHING_UP, new': { 'has-all': 'CATCHING_UP, new', 'in-step': 'NORMAL', disconnected: 'COMM_INT, new' },
  'CATCHING_UP, restarted': {
    'has-all': 'CATCHING_UP, restarted',
    'in-step': 'NORMAL',
    disconnected: 'COMM_INT, restarted'
  },
  'CATCHING_UP, agreed': {
    'has-all': 'CATCHING_UP, agreed',
    'in-step': 'NORMAL',
    disconnected: 'COMM_INT, agreed',
    lapsed: 'CATCHING_UP, restarted'
  },
  'COMM_INT, first': { connected: 'CATCHING_UP, first' },
  'COMM_INT, new': { connected: 'CATCHING_UP, new' },
  'COMM_INT, restarted': { connected: 'CATCHING_UP, restarted', 'partner-down': 'PARTNER_DOWN' },
  'COMM_INT, agreed': {
    connected: 'CATCHING_UP, agreed',
    lapsed: 'COMM_INT, restarted',
    'partner-down': 'PARTNER_DOWN'
  },
  PARTNER_DOWN: { connected: 'CATCHING_UP, agreed', heard: 'COMM_INT, agreed' }
}

const nameOf = (state: PairState) => {
  if (!('before' in state) || state.name === 'PARTNER_DOWN') return state.name
  return `${state.name}, ${typeof state.before === 'string' ? state.before : 'agreed'}`
}

for (const [from, state] of Object.entries(STATES)) {
  for (const [kind, event] of Object.entries(EVENTS)) {
    const to = TABLE[from]?.[kind]
    test(`${from}: ${kind} ${to ? `leads to ${to}` : 'changes nothing'}`, (t) => {
      const { state: next, effects } = after(state, event)
      if (to === undefined) {
        t.is(next, state)
        t.deepEqual(effects, [])
        return
      }
      t.is(nameOf(next), to)
      t.true(effects.includes('rules'))
      t.is(effects.includes('remember-peer'), kind === 'has-all')
    })
  }
}

test('what was agreed on is kept from when the two were in step last', (t) => {
  const apart = after(STATES.NORMAL as PairState, { kind: 'disconnected' }).state
  t.deepEqual(standingOf(apart, CONTACT), { mode: 'apart', ...CONTACT })
  const later = { ...CONTACT, agreedUntil: NOW + 5, heardAt: NOW + 5 }
  t.like(standingOf(apart, later), { mode: 'apart', agreedUntil: CONTACT.agreedUntil, heardAt: NOW + 5 })
  const meeting = after(apart, { kind: 'connected' }).state
  t.like(standingOf(meeting, later), { mode: 'meeting', agreedUntil: CONTACT.agreedUntil })
  const again = after(meeting, { kind: 'disconnected' }).state
  t.like(standingOf(again, later), { mode: 'apart', agreedUntil: CONTACT.agreedUntil })
})

test('one that was never in step with the other, or begins anew, has a standing of its own', (t) => {
  for (const before of ['new', 'restarted'] as const) {
    t.deepEqual(standingOf({ name: 'COMM_INT', since: 0, before }, CONTACT), { mode: before })
    t.deepEqual(standingOf({ name: 'CATCHING_UP', since: 0, before }, CONTACT), { mode: before })
  }
  t.deepEqual(standingOf({ name: 'COMM_INT', since: 0, before: 'first' }, CONTACT), { mode: 'first' })
  t.deepEqual(standingOf({ name: 'CATCHING_UP', since: 0, before: 'first' }, CONTACT), { mode: 'together' })
})

test('who was said to be out of reach can be said to be off: the waits become shorter, never longer', (t) => {
  const apart = STATES['COMM_INT, agreed'] as PairState
  const plain = after(apart, { kind: 'partner-down', fenced: false }).state
  const fenced = after(plain, { kind: 'partner-down', fenced: true }).state
  t.true(plain.name === 'PARTNER_DOWN' && fenced.name === 'PARTNER_DOWN')
  if (plain.name !== 'PARTNER_DOWN' || fenced.name !== 'PARTNER_DOWN') return
  t.is(plain.solitude.othersUntil, CONTACT.heardAt + TERMS.autonomy)
  t.is(fenced.solitude.othersUntil, NOW)
  t.is(after(fenced, { kind: 'partner-down', fenced: false }).state, fenced)
})
