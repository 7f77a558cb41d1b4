import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type Failure, play, shrink, storyOf } from './play.ts'

/** `npm run sim`: random schedules of faults for a pair, on a virtual clock, network and disk. */

const COUNT = 60_000
const USAGE = 'npm run sim [-- [--count N] [--from SEED] | --minutes N | --seed SEED]'

const { values } = parseArgs({
  options: {
    count: { type: 'string' },
    from: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string' }
  }
})
for (const [name, value] of Object.entries(values)) {
  if (!/^[0-9]{1,9}$/.test(value)) {
    console.error(`--${name} takes a whole number; ${USAGE}`)
    process.exit(2)
  }
}

process.exitCode = values.seed === undefined ? await many() : await one(Number(values.seed))

async function one(seed: number): Promise<number> {
  const failure = await play(seed)
  console.log(failure ? storyOf(await shrink(failure)) : `seed ${seed}: nothing went wrong`)
  return failure ? 1 : 0
}

async function many(): Promise<number> {
  const start = Date.now()
  const from = Number(values.from ?? (values.minutes === undefined ? 1 : start % 1_000_000_000))
  const until = values.minutes === undefined ? from + Number(values.count ?? COUNT) : Number.MAX_SAFE_INTEGER
  const end = values.minutes === undefined ? Number.POSITIVE_INFINITY : start + Number(values.minutes) * 60_000
  const failures: Failure[] = []
  let played = 0
  const step = availableParallelism()
  const workers = Array.from({ length: step }, (_, index) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { from: from + index, step, until }
    })
    worker.on('message', (result: Failure | number) => {
      played += 1
      if (typeof result !== 'number') failures.push(result)
      if (played % 1000 === 0) console.log(`${played} schedules, ${failures.length} went wrong`)
      if (failures.length > 0 || Date.now() >= end) for (const each of workers) void each.terminate()
    })
    return worker
  })
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.on('exit', resolve))))
  for (const failure of failures.slice(0, 1)) console.log(storyOf(await shrink(failure)))
  const seconds = Math.round((Date.now() - start) / 1000)
  console.log(
    `${played} schedules from seed ${from} in ${seconds} s: ${failures.length === 0 ? 'nothing went wrong' : `${failures.length} went wrong`}`
  )
  return failures.length === 0 ? 0 : 1
}
