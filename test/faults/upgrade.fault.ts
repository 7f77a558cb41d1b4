import test from 'ava'
import { inState, onPair } from './lab/lab.ts'
import { Load } from './lab/load.ts'

/** Writes and leases before each step. */
const ENOUGH = 10

type Status = { draining: { mayBeStopped: boolean } | null }

test.serial(
  'one instance after the other is drained, stopped and started again under load, as for an upgrade: nothing is lost',
  onPair(async (t, lab) => {
    const load = await Load.open(lab)
    load.start()
    for (const instance of lab.both) {
      await load.more('replicated', ENOUGH)
      await instance.client.json('POST', '/pair/drain', { seconds: 60 })
      const draining = async () => (await instance.client.json<Status>('GET', '/pair')).draining
      while ((await draining())?.mayBeStopped !== true) await new Promise((resolve) => setTimeout(resolve, 100))
      await instance.stop()
      await load.more('alone', ENOUGH)
      await instance.start()
      await inState('NORMAL', ...lab.both)
    }
    await load.more('replicated', ENOUGH)
    await load.stop()
    await load.assertKept(t)
  })
)
