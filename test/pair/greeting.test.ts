import test from 'ava'
import { judge, type Self } from '../../src/pair/greeting.ts'
import { type Hello, PROTOCOL } from '../../src/pair/messages.ts'

const SELF: Self = {
  origin: 'a-1',
  seq: 10,
  seen: { 'a-1': 10, 'b-1': 5 },
  isWhole: true,
  toldOrigin: 'b-1',
  hasSince: (seq) => seq >= 3
}
const HELLO: Hello = {
  type: 'hello',
  protocol: PROTOCOL,
  oldest: PROTOCOL,
  version: '1',
  instance: 'b',
  origin: 'b-1',
  boot: 'x',
  now: 0,
  isWhole: true,
  seen: { 'a-1': 8, 'b-1': 7 },
  reach: { interfaces: [], http: 80, dhcp: 67, beats: 1 }
}
const welcome = (isNew: boolean, needsAll: boolean, known: number) => ({ kind: 'welcome', isNew, needsAll, known })

for (const [what, hello, self, verdict] of [
  ['one that is in step goes on where it was', {}, {}, welcome(false, false, 8)],
  ['one that lacks what the log has no more gets everything', { seen: { 'a-1': 2 } }, {}, welcome(false, true, 2)],
  ['one that joins gets everything', { isWhole: false, seen: {} }, { toldOrigin: '' }, welcome(true, true, 0)],
  ['one that was sent only a part of the leases gets all', {}, { toldOrigin: 'b-0' }, welcome(true, false, 8)],
  ['one that begins anew gets all leases', { origin: 'b-2' }, { seen: { 'a-1': 10 } }, welcome(true, false, 8)],
  [
    'one that lacks what an earlier copy of it wrote gets everything',
    { origin: 'b-2', seen: { 'a-1': 8 } },
    {},
    welcome(true, true, 8)
  ],
  ['who joins sends nothing whole', {}, { isWhole: false, toldOrigin: '' }, welcome(true, false, 8)],
  ['who knows less of itself than the other is an older copy', { seen: { 'a-1': 11 } }, {}, { kind: 'rolled-back' }],
  ["two that aren't whole have nothing to give", { isWhole: false }, { isWhole: false }, { kind: 'nobody-whole' }],
  ['a version that is too old', { protocol: PROTOCOL - 1 }, {}, { kind: 'too-far-apart' }],
  ['a version that is too new', { oldest: PROTOCOL + 1, protocol: PROTOCOL + 1 }, {}, { kind: 'too-far-apart' }]
] as const satisfies readonly (readonly [string, Partial<Hello>, Partial<Self>, object])[]) {
  test(what, (t) => {
    t.deepEqual(judge({ ...HELLO, ...hello } as Hello, { ...SELF, ...self } as Self), verdict as never)
  })
}
