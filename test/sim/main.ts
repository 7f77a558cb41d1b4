import { MUTANTS } from './mutants.ts'
import { scheduleOf } from './schedule.ts'
import { Simulation, Violation } from './simulation.ts'

const [from = 1, count = 100] = process.argv.slice(2, 4).map(Number)
const mutant = process.argv[4]
const start = performance.now()
let bad = 0
for (let seed = from; seed < from + count; seed += 1) {
  const simulation = new Simulation(seed, mutant ? MUTANTS[mutant] : {})
  try {
    await simulation.play(scheduleOf(seed))
  } catch (error) {
    bad += 1
    console.log(`${mutant ?? ''} seed ${seed}: ${error instanceof Violation ? error.message : (error as Error).stack}`)
    if (count === 1) console.log(simulation.world.story.join('\n'))
    if (mutant && bad >= 3) break
  }
}
console.log(
  `${mutant ?? ''} ${count} schedules, ${bad} bad, ${((performance.now() - start) / count).toFixed(1)} ms each`
)
process.exit(0)
