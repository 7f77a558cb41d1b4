import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import { KeptProgress } from '../../src/pair/kept-progress.ts'
import { openStore } from '../support/inventory.ts'

test('how far the other instance has come is kept a second later, also once the disk has room again', async (t) => {
  const { inventory, leases, clock, db } = openStore()
  const { peer, origin } = inventory.log
  const progress = new KeptProgress(peer, leases, clock.now)
  const later = async () => {
    clock.advance(1000)
    progress.tick()
    await turn()
    return peer.kept
  }
  peer.acknowledge(3, origin)
  t.is(await later(), 3)
  peer.acknowledge(7, origin)
  db.pragma('query_only = ON')
  t.is(await later(), 3)
  db.pragma('query_only = OFF')
  t.is(await later(), 7)
})
