import { type Figure, figure, medianOf } from '../figures.ts'
import { tandem } from './contenders/tandem.ts'
import { type Lab, prepare, serve } from './served.ts'
import { clientMac, largeSite } from './site.ts'

const [SMALL, LARGE] = [1000, 100_000]
const FEW = `with ${SMALL.toLocaleString('en-US')}`
/** What the large one is to stay below. */
const TARGET = { startTime: 2000, memory: 300 }

type State = { readonly rate: number; readonly startTime: number; readonly memory: number }

/** Tandem with 100,000 registered machines and as many leases of others, beside Tandem with 1,000 of each. */
export async function growth(lab: Lab): Promise<readonly Figure[]> {
  const sizes = [SMALL, LARGE].map((size) => ({ size, states: [] as State[] }))
  const folders = new Map<number, string>()
  for (const { size } of sizes) folders.set(size, await filled(lab, size))
  for (let run = 1; run <= lab.runs; run += 1) {
    for (const { size, states } of sizes) {
      const state = await measured(lab, size, folders.get(size) ?? '')
      states.push(state)
      lab.progress(`growth, run ${run} of ${lab.runs}: ${size} machines and leases ${JSON.stringify(state)}`)
    }
  }
  const [small, large] = sizes.map(
    ({ states }) =>
      (what: keyof State) =>
        medianOf(states.map((state) => state[what]))
  )
  if (!small || !large) throw new Error('there are two sizes')
  const at = { bench: 'dhcp', point: 'growth' }
  return [
    figure(at, { unit: 'exchanges/s', better: 'higher' }, large('rate'), FEW, small('rate')),
    figure(
      at,
      { unit: 'ms from start to the first lease', better: 'lower' },
      large('startTime'),
      FEW,
      small('startTime')
    ),
    figure(
      at,
      { unit: 'ms from start to the first lease', better: 'lower' },
      large('startTime'),
      'target',
      TARGET.startTime
    ),
    figure(at, { unit: 'MB of memory after the load', better: 'lower' }, large('memory'), FEW, small('memory')),
    figure(at, { unit: 'MB of memory after the load', better: 'lower' }, large('memory'), 'target', TARGET.memory)
  ]
}

/** A state with as many machines, and as many leases of other clients. */
async function filled(lab: Lab, size: number): Promise<string> {
  const site = largeSite(size)
  const before = performance.now()
  const folder = await prepare(lab, tandem, site)
  lab.progress(`growth: ${size} machines registered in ${Math.round((performance.now() - before) / 1000)} s`)
  await serve(lab, tandem, site, folder, async (served) => {
    const others = clientMac(size)
    const { exchanges } = await served.load('-m', others, '-c', String(size), '-n', String(size), '-d', '300')
    if (exchanges !== size) throw new Error(`only ${exchanges} of ${size} clients were given a lease`)
  })
  return folder
}

/** Registered machines and clients with a lease take turns. */
async function measured(lab: Lab, size: number, folder: string): Promise<State> {
  return serve(lab, tandem, largeSite(size), folder, async (served) => {
    const { rate } = await served.load('-o', '64', '-c', String(2 * size), '-w', '2', '-d', '4')
    return { rate, startTime: served.startTime, memory: await served.memory() }
  })
}
