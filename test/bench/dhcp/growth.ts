import { type Figure, figure, type Metric, medianOf } from '../figures.ts'
import { tandem } from './contenders/tandem.ts'
import { type Lab, prepare, type Served, serve, serveCopy } from './served.ts'
import { clientMac, largeSite } from './site.ts'

const [FEW, MANY] = [1000, 100_000]
/** Registered machines that take their addresses while it is measured: the leases stay about as many as were asked for. */
const BOOTING = 10_000
const RATE: Metric = { unit: 'exchanges/s, 1,000 of each take part', better: 'higher' }
const RATE_OF_ALL: Metric = { unit: 'exchanges/s, 10,000 and all leases take part', better: 'higher' }
const START: Metric = { unit: 'ms from start to the first lease', better: 'lower' }
const MEMORY: Metric = { unit: 'MB of memory after the load', better: 'lower' }
/** What Tandem with many is to stay below. */
const TARGET = { start: 2000, memory: 300 }

type State = { readonly rate: number; readonly rateOfAll: number; readonly start: number; readonly memory: number }

/** Tandem with 100,000 registered machines and as many leases of other clients, beside Tandem with 1,000 of each. */
export async function growth(lab: Lab): Promise<readonly Figure[]> {
  const [few, many]: [State[], State[]] = [[], []]
  const sizes = [
    { size: FEW, folder: await filled(lab, FEW), states: few },
    { size: MANY, folder: await filled(lab, MANY), states: many }
  ]
  for (let run = 1; run <= lab.runs; run += 1) {
    for (const { size, folder, states } of sizes) {
      const state = await measured(lab, size, folder)
      states.push(state)
      lab.progress(`growth, run ${run} of ${lab.runs}: ${size} machines and leases ${JSON.stringify(state)}`)
    }
  }
  const median = (states: readonly State[], what: keyof State) => medianOf(states.map((state) => state[what]))
  const besideFew = (metric: Metric, what: keyof State) =>
    figure(at, metric, median(many, what), `with ${FEW}`, median(few, what))
  const besideTarget = (metric: Metric, what: keyof typeof TARGET) =>
    figure(at, metric, median(many, what), 'target', TARGET[what])
  const at = { bench: 'dhcp', point: 'growth' }
  return [
    besideFew(RATE, 'rate'),
    besideFew(RATE_OF_ALL, 'rateOfAll'),
    besideFew(START, 'start'),
    besideTarget(START, 'start'),
    besideFew(MEMORY, 'memory'),
    besideTarget(MEMORY, 'memory')
  ]
}

/** A state with as many machines, and as many leases of other clients. */
async function filled(lab: Lab, size: number): Promise<string> {
  const site = largeSite(size)
  const before = performance.now()
  const folder = await prepare(lab, tandem, site)
  lab.progress(`growth: ${size} machines registered in ${Math.round((performance.now() - before) / 1000)} s`)
  await serve(lab, tandem, site, folder, async (served) => {
    const { exchanges } = await served.load(...others(size), '-n', String(size), '-d', '300')
    if (exchanges !== size) throw new Error(`only ${exchanges} of ${size} clients were given a lease`)
  })
  return folder
}

/** The load comes from as many as the smaller site has, then from many more. */
async function measured(lab: Lab, size: number, folder: string): Promise<State> {
  return serveCopy(lab, tandem, largeSite(size), folder, async (served) => {
    const rate = await rateOf(served, size, FEW, FEW)
    const rateOfAll = await rateOf(served, size, Math.min(size, BOOTING), size)
    return { rate, rateOfAll, start: served.startTime, memory: await served.memory() }
  })
}

/** Registered machines boot, then the clients that have a lease. */
async function rateOf(served: Served, size: number, machines: number, clients: number): Promise<number> {
  const loads = [
    await served.load('-c', String(machines), '-w', '2', '-d', '2'),
    await served.load(...others(size, clients), '-w', '1', '-d', '2')
  ]
  return sumOf(loads, 'exchanges') / sumOf(loads, 'seconds')
}

function sumOf(loads: readonly { exchanges: number; seconds: number }[], what: 'exchanges' | 'seconds'): number {
  return loads.reduce((sum, load) => sum + load[what], 0)
}

/** So many clients, none of them registered. */
function others(size: number, clients = size): string[] {
  return ['-m', clientMac(size), '-c', String(clients)]
}
