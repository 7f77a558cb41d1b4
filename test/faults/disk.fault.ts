import { mkdir, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { run, start } from '../e2e/lab/process.ts'
import { inState, type Lab, onPair } from './lab/lab.ts'
import { Load } from './lab/load.ts'

const ENOUGH = 10
/** A write that takes longer than so many milliseconds counts as one that hangs, however slow this machine is. */
const HANGS = 60_000

/** B's state folder is a small disk of its own. */
const smallDisk = {
  before: async ({ b }: Lab) => {
    await mkdir(b.state, { recursive: true })
    await run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'tandem-fault', b.state])
  },
  after: async ({ b }: Lab) => {
    await run(['umount', b.state])
  }
}

test.serial(
  "b's disk is full: a goes on alone and never hangs, and both are in step again when there is room",
  onPair(async (t, lab) => {
    const { a, b } = lab
    const load = await Load.open(lab)
    load.start()
    await load.more('replicated', ENOUGH)
    const ballast = join(b.state, 'ballast')
    for (let part = 0; ; part += 1) {
      const { bavail, bsize } = await statfs(b.state)
      if (bavail === 0) break
      const bytes = Buffer.alloc(Math.max(bsize, Math.floor(bavail / 2) * bsize))
      // B writes meanwhile: what was free may be no more.
      await writeFile(`${ballast}-${part}`, bytes).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOSPC') throw error
      })
    }
    const [writer] = load.writers
    const before = writer?.acknowledged('alone').length ?? 0
    await a.untilStatus('a writes alone', () => (writer?.acknowledged('alone').length ?? 0) > before + ENOUGH)
    t.is((await b.client.json<{ state: string }>('GET', '/pair')).state !== 'NORMAL', true)
    await run(['sh', '-c', 'rm "$0"-*', ballast])
    await inState('NORMAL', a, b)
    await load.more('replicated', ENOUGH)
    await load.stop()
    await load.assertKept(t)
    const slowest = Math.max(...load.writers.flatMap(({ ledger }) => ledger.map(({ milliseconds }) => milliseconds)))
    t.true(slowest < HANGS)
    t.log(load.figures())
  }, smallDisk)
)

for (const [what, delay, outcome] of [
  ['slow, a fifth of a second each time: writes are still on both', '200ms', 'replicated'],
  ['so slow that nobody waits for it: a goes on alone and never hangs', '4s', 'alone']
] as const) {
  test.serial(
    `b's disk is ${what}`,
    onPair(async (t, lab) => {
      const { a, b, folder } = lab
      const load = await Load.open(lab)
      const [writer] = load.writers
      const calls = 'fsync,fdatasync'
      const slow = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`]
      const tracer = await start(
        [...slow, '-e', `inject=${calls}:delay_enter=${delay}`, '-p', String(b.pid)],
        join(folder, 'strace.log')
      )
      for (let count = 0; count < ENOUGH || writer?.acknowledged(outcome).length === 0; count += 1) {
        const write = await writer?.write()
        t.true((write?.milliseconds ?? 0) < HANGS)
        t.not(write?.outcome, 'unanswered')
        if (count > 1000) throw new Error(`no write was ${outcome}`)
        await sleep(10)
      }
      await tracer.stop()
      await inState('NORMAL', a, b)
      await load.some('replicated', ENOUGH)
      await load.assertKept(t)
      t.log(load.figures())
    })
  )
}
