import { existsSync } from 'node:fs'
import test from 'ava'
import { givenTwice } from './lab/dhcp-clients.ts'
import { inState, type Lab, onPair } from './lab/lab.ts'
import { Load } from './lab/load.ts'
import { leasesOf, machinesOf, untilTold } from './lab/same.ts'

/** Debian's package libfaketime. */
const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
const ENOUGH = 10
/** Milliseconds by which the two may differ in when a lease ends: what was under way while it was translated. */
const TOLERANCE = 15_000

/** Puts b's clock ahead; what measures how time passes stays as it is. */
const skewed =
  (by: string) =>
  async ({ b }: Lab) => {
    if (!existsSync(LIBRARY)) throw new Error(`${LIBRARY} is missing: apt-get install libfaketime`)
    const settings = [`LD_PRELOAD=${LIBRARY}`, `FAKETIME=${by}`, 'FAKETIME_DONT_FAKE_MONOTONIC=1']
    b.setup.before = ['env', ...settings]
  }

for (const [by, seconds] of [
  ['+1h', 3600],
  ['-1h', -3600]
] as const) {
  test.serial(
    `b's clock is ${by}: both warn, and leases last as long on both, also when they are apart and one is killed`,
    onPair(
      async (t, lab) => {
        const { a, b, networks } = lab
        const [atA, atB] = [await a.status(), await b.status()]
        t.is(Math.round(atB.clockSkewSeconds / 60), seconds / 60)
        t.is(Math.round(atA.clockSkewSeconds / 60), -seconds / 60)
        t.regex(atA.warning ?? '', seconds > 0 ? /clock of b is 3[56]\d\d s ahead/ : /clock of b is 3[56]\d\d s behind/)
        t.regex(atB.warning ?? '', /clock of a/)
        const load = await Load.open(lab)
        load.start()
        await load.more('replicated', ENOUGH)
        await networks.cut('link', 'prov')
        await inState('COMM_INT', a, b)
        await load.more('alone', ENOUGH)
        await networks.heal('link', 'prov')
        await inState('NORMAL', a, b)
        await b.kill()
        await load.more('alone', ENOUGH)
        await b.start()
        await inState('NORMAL', a, b)
        await load.stop()
        await untilTold(a, b)

        t.deepEqual(givenTwice(load.clients.ledger), [])
        const written = load.acknowledged('replicated', 'alone')
        for (const each of lab.both) {
          const there = await machinesOf(each)
          t.deepEqual(
            written.filter((name) => !there.has(name)),
            []
          )
        }
        const [ofA, ofB] = [await leasesOf(a), await leasesOf(b)]
        t.is(ofA.length, ofB.length)
        for (const [index, lease] of ofA.entries()) {
          const same = ofB[index]
          t.is(lease.mac, same?.mac as string)
          const ahead = Date.parse(same?.expiresAt ?? '') - Date.parse(lease.expiresAt) - seconds * 1000
          t.true(Math.abs(ahead) < TOLERANCE, `${lease.address} ends ${ahead} ms later at b`)
        }
        t.log(load.figures())
      },
      { before: skewed(by) }
    )
  )
}
