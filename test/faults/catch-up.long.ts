import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import type { Instance } from './lab/instance.ts'
import { inLab, inState, type Lab, onPair, pair, SUBNET } from './lab/lab.ts'
import { sameOnBoth, untilTold } from './lab/same.ts'

/** A machine is several ops. */
const MACHINES = 2000
/** Somebody who is killed at once may have been through already: so often it is tried with a new backlog. */
const TRIALS = 6

test.serial(
  'who catches up, and who sends, is killed in the middle of thousands of writes: both end up the same',
  onPair(async (t, lab) => {
    const { a, b } = lab
    for (const [index, victim] of [b, a].entries()) {
      let caught = false
      for (let trial = 0; trial < TRIALS && !caught; trial += 1) {
        await b.kill()
        await a.until('COMM_INT')
        await apply(a, index * TRIALS + trial)
        const before = opsOf(a, b)
        await Promise.all([b.start().catch(() => {}), killedWhile(victim, () => opsOf(a, b) > before)])
        const [there, all] = [opsOf(a, b), opsOf(a, a)]
        t.log(`${victim.side} was killed when b had ${there - before} of ${all - before} writes`)
        caught = there < all
        await victim.start()
        await inState('NORMAL', a, b)
      }
      t.true(caught)
      await untilTold(a, b)
      await sameOnBoth(t, lab)
    }
  })
)

test.serial(
  'who joins, and who is joined, is killed in the middle of the whole inventory: both end up the same',
  inLab(async (t, lab) => {
    const { a, b } = lab
    await a.client.json('POST', '/subnets', { cidr: SUBNET })
    for (const part of [1, 2]) await apply(a, part)
    const joined = pair(lab).catch(() => {})
    await a.untilStatus('b is known at a', ({ state }) => state !== 'UNPAIRED')
    for (const victim of [b, a]) await killAndStart(t, lab, victim)
    await joined
    await inState('NORMAL', a, b)
    await untilTold(a, b)
    await sameOnBoth(t, lab)
  })
)

async function killAndStart(t: ExecutionContext, { b }: Lab, victim: Instance): Promise<void> {
  await b.untilStatus(
    'b receives the whole',
    ({ receiving, state }) => (receiving?.done ?? 0) > 0 || state === 'NORMAL'
  )
  const { receiving } = await b.status()
  await victim.kill()
  t.log(`${victim.side} was killed when b had ${receiving ? `${receiving.done} of ${receiving.total}` : 'everything'}`)
  await victim.start()
}

/** Registers many machines at once. */
async function apply({ client }: Instance, part: number): Promise<void> {
  const machines = Array.from({ length: MACHINES }, (_, index) => {
    const number = part * MACHINES + index
    return {
      name: `m-${number}`,
      interfaces: [{ mac: macOf(number), ipv4: `10.77.${1 + (number >> 8)}.${number & 255}` }],
      labels: { part: String(part) }
    }
  })
  await client.json('POST', '/apply', { machines })
}

function macOf(number: number): string {
  return `5254${number.toString(16).padStart(8, '0')}`.match(/../g)?.join(':') as string
}

/** Kills an instance as soon as something holds. */
async function killedWhile(victim: Instance, holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
  await victim.kill()
}

/** How many of one's writes another has on disk. */
function opsOf(writer: Instance, at: Instance): number {
  const [own, there] = [writer, at].map(({ state }) => new Database(join(state, 'tandem.sqlite'), { readonly: true }))
  const origin = own?.prepare("SELECT value FROM meta WHERE key = 'origin'").pluck().get()
  const seq = there?.prepare('SELECT seq FROM seen WHERE origin = ?').pluck().get(origin) as number | undefined
  for (const db of [own, there]) db?.close()
  return seq ?? 0
}
