import test from 'ava'
import { figures } from './lab/figures.ts'
import { inState, onPair } from './lab/lab.ts'
import { Load } from './lab/load.ts'
import { ROUNDS } from './lab/rounds.ts'

/** Writes and leases before the kill, and after it. */
const ENOUGH = 20

test.serial(
  'an acknowledged write and a lease survive kill -9 of either side under load',
  onPair(async (t, lab) => {
    const load = await Load.open(lab)
    const noticed: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const [victim, survivor] = round % 2 === 0 ? [lab.a, lab.b] : [lab.b, lab.a]
      load.start()
      await load.more('replicated', ENOUGH)
      await victim.kill()
      noticed.push(await survivor.until('COMM_INT'))
      await load.more('alone', ENOUGH)
      await load.assertReplicated(t, survivor, `round ${round}: what was replicated is at the survivor`)
      await victim.start()
      await inState('NORMAL', ...lab.both)
      await load.stop()
      await load.assertKept(t, `round ${round}`)
    }
    t.log(`${ROUNDS} kills: ${load.figures()}; none lost`)
    t.log(`noticed after ${figures(noticed)}`)
  })
)
