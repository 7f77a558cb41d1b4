import test from 'ava'
import { waitFor } from '../e2e/lab/wait.ts'
import { macOf } from './lab/dhcp-clients.ts'
import { figures } from './lab/figures.ts'
import { inState, onPair } from './lab/lab.ts'
import { Load } from './lab/load.ts'
import { FEWER_ROUNDS } from './lab/rounds.ts'
import { Writer } from './lab/writers.ts'

const ENOUGH = 10

test.serial(
  'an instance that stands still with writes and DHCP requests in its queue: nothing acknowledged is lost, no address given twice',
  onPair(async (t, lab) => {
    const load = await Load.open(lab)
    const noticed: number[] = []
    let queuedWrites = 0
    for (let round = 0; round < 2 * FEWER_ROUNDS; round += 1) {
      const [frozen, awake] = round % 2 === 0 ? [lab.a, lab.b] : [lab.b, lab.a]
      load.start()
      await load.more('replicated', ENOUGH)
      frozen.freeze()
      noticed.push(await awake.until('COMM_INT'))
      // What waits in its sockets: it reads that before it has heard what the other one did meanwhile.
      const late = new Writer(frozen, 16 + round)
      const queued = Array.from({ length: ENOUGH }, () => late.write())
      const asked = Array.from({ length: ENOUGH }, (_, number) =>
        load.clients.lease(macOf(0xff00 + round * 256 + number), [frozen.side])
      )
      await load.more('alone', ENOUGH)
      frozen.thaw()
      const outcomes = (await Promise.all(queued)).map(({ outcome }) => outcome)
      t.false(outcomes.includes('unanswered'))
      queuedWrites += outcomes.length
      await Promise.all(asked)
      await inState('NORMAL', ...lab.both)
      await load.stop()
      await load.assertKept(t, `round ${round}`)
      for (const each of lab.both) {
        await waitFor(`the queued writes are at ${each.side}`, 60, async () => {
          for (const name of late.acknowledged('replicated', 'alone'))
            await each.client.json('GET', `/machines/${name}`)
          return true
        })
      }
    }
    t.log(`${load.figures()}, ${queuedWrites} queued; noticed after ${figures(noticed)}`)
  })
)
