import test from 'ava'
import { objectionToForget, objectionToPartnerDown } from '../../src/pair/objections.ts'
import type { PairState } from '../../src/pair/states.ts'
import { TIMING } from '../../src/pair/timing.ts'

const SILENT = { peer: 'b', silentFor: 3_600_000, fenced: true, isWhole: true, timing: TIMING }
const apart = (before: Extract<PairState, { name: 'COMM_INT' }>['before']): PairState => ({
  name: 'COMM_INT',
  since: 0,
  before
})

test('nobody is down who was heard a moment ago', (t) => {
  t.is(objectionToPartnerDown(apart('restarted'), SILENT), undefined)
  t.is(objectionToPartnerDown(apart('restarted'), { ...SILENT, silentFor: 20 }), 'b was heard 0.0 s ago')
})

test('one that was never in step can not go on alone, and is told what can', (t) => {
  t.regex(objectionToPartnerDown(apart('first'), SILENT) ?? '', /gives out all addresses as it is/)
  t.regex(objectionToPartnerDown(apart('new'), SILENT) ?? '', /never in step with b.*restore a backup/)
  t.regex(objectionToPartnerDown(apart('new'), { ...SILENT, isWhole: false }) ?? '', /never had the whole inventory/)
})

test('the other one is forgotten once what it gave has ended', (t) => {
  const solitude = { fenced: true, ownFrom: 0, othersUntil: 1000, agreedUntil: 0, heardAt: 0, confirmedAt: 0 }
  const sole: PairState = { name: 'PARTNER_DOWN', since: 0, before: 'restarted', solitude }
  t.is(objectionToForget(apart('first'), 500, 0), undefined, 'it gave nobody an address')
  t.regex(objectionToForget(apart('restarted'), 500, 9999) ?? '', /say first that the other instance is down/)
  t.regex(objectionToForget(sole, 500, 1499) ?? '', /in use until 1970-01-01T00:00:01.500Z/)
  t.is(objectionToForget(sole, 500, 1500), undefined)
})
