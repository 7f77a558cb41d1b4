import test from 'ava'
import { Pair } from '../../src/pair/pair.ts'
import { openStore } from '../support/inventory.ts'

test('one that joined and was never in step can be forgotten at once', (t) => {
  const { db, inventory, leases, clock } = openStore()
  const pair = new Pair({
    db,
    inventory,
    leases,
    slot: 0,
    instance: 'a',
    peer: 'b',
    version: '1',
    reach: () => ({ interfaces: [], http: 80, dhcp: 67, beats: 1 }),
    now: clock.now,
    random: () => 'x',
    terms: { mclt: 600_000, autonomy: 86_400_000 },
    spare: () => [],
    sendBeat: () => {},
    tell: () => {}
  })
  t.regex(pair.partnerDown(true) ?? '', /never in step/)
  t.is(pair.objectionToForget(), undefined)
})
