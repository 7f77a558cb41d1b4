import { mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Running } from '../../e2e/lab/process.ts'
import type { BenchOptions } from '../bench.ts'
import type { LoadResult } from '../dhcp/load.ts'
import { RELAY } from '../dhcp/site.ts'
import { compare, type Figure, figure, type Metric, medianOf, type Sample, TANDEM } from '../figures.ts'
import { takeTurns } from '../turns.ts'
import { cpuTime } from '../usage.ts'
import type { Contestant } from './contender.ts'
import { keaAlone, keaHotStandby, keaMultiAlone, stateOf, tandemAlone, tandemPair } from './contenders.ts'
import { type Hosts, makeHosts, SERVERS } from './hosts.ts'

export type Lab = Omit<BenchOptions, 'points'> & {
  /** The load generator. */
  readonly generator: string
}

export type Point = {
  readonly contestants: readonly Contestant[]
  measure(lab: Lab): Promise<readonly Figure[]>
}

type Serving = { readonly hosts: Hosts; readonly folder: string; readonly processes: readonly Running[] }
type Trial<Name extends string> = {
  readonly metrics: Readonly<Record<Name, Metric>>
  /** What Tandem is to keep below. */
  readonly targets?: Partial<Readonly<Record<Name, number>>>
  readonly contestants: readonly Contestant[]
  trial(serving: Serving, contestant: Contestant, lab: Lab): Promise<Sample<Name>>
}

const NODE = process.execPath
const [TAKEOVER, WRITES] = ['takeover.ts', 'writes.ts'].map((name) => resolve(import.meta.dirname, name)) as [
  string,
  string
]
/** A client that appears in no load. */
const FIRST_CLIENT = ['-m', '02:ff:00:00:00:00', '-c', '1', '-o', '1', '-n', '1', '-t', '20', '-d', '30']
const TIME = { unit: 'ms until the other one answers', better: 'lower' } as const satisfies Metric

export const POINTS: Readonly<Record<string, Point>> = {
  /** As when a few racks are switched on. */
  leases: leases('leases', 256),
  'leases-64': leases('leases-64', 64),
  /** Machines registered over REST: acknowledged when they are on disk, in a pair on both. */
  writes: point('writes', {
    metrics: {
      p50: { unit: 'ms p50, one writer', better: 'lower' },
      p99: { unit: 'ms p99, one writer', better: 'lower' },
      rate: { unit: 'writes/s, 32 writers', better: 'higher' }
    },
    targets: { p50: 5 },
    contestants: [tandemPair, tandemAlone],
    async trial({ hosts, folder }, { servers }) {
      const state = servers.length === 1 ? join(folder, 'state') : stateOf(folder, 'a')
      const write = async (writers: number, seconds: number) =>
        JSON.parse(await hosts.a.run([NODE, WRITES, state, String(writers), String(seconds)])) as Sample<
          'rate' | 'p50' | 'p99'
        >
      await write(1, 4)
      const { p50, p99 } = await write(1, 4)
      const { rate } = await write(32, 4)
      return { p50, p99, rate }
    }
  }),
  kill: takeover('kill', 100, (_hosts, server) => ['SIGKILL', String(server.pid)]),
  freeze: takeover('freeze', 1500, (_hosts, server) => ['SIGSTOP', String(server.pid)]),
  cut: takeover('cut', 1500, (hosts) => hosts.cutting('a'))
}

/** Whole exchanges with 50,000 clients, so many of them at a time, whose relay agent sends to both servers. */
function leases(name: string, outstanding: number): Point {
  return point(name, {
    metrics: {
      rate: { unit: 'exchanges/s', better: 'higher' },
      latency: { unit: 'ms p99', better: 'lower' },
      cpu: { unit: 'µs CPU/exchange', better: 'lower' }
    },
    contestants: [tandemPair, tandemAlone, keaHotStandby, keaAlone, keaMultiAlone],
    async trial({ hosts }, contestant, lab) {
      const cpu = async () => cpuTime([...(await hosts.a.processes()), ...(await hosts.b.processes())])
      const before = await cpu()
      const options = ['-o', String(outstanding), '-c', '50000', '-w', '2', '-d', '4']
      const { rate, latencyUs, duplicates, withWarmup } = await load(hosts, lab, contestant, options)
      if (duplicates > 0) throw new Error(`${duplicates} addresses were given to two clients at once`)
      return { rate, latency: latencyUs.p99 / 1000, cpu: ((await cpu()) - before) / withWarmup }
    }
  })
}

function takeover(name: string, target: number, strike: (hosts: Hosts, server: Running) => readonly string[]): Point {
  return point(name, {
    metrics: { time: TIME },
    targets: { time: target },
    contestants: [tandemPair, keaHotStandby],
    async trial({ hosts, processes: [server] }) {
      const command = strike(hosts, server as Running)
      const time = await hosts.client.run([NODE, TAKEOVER, RELAY, SERVERS.a, SERVERS.b, ...command])
      return { time: Number(time) }
    }
  })
}

/** Each time on new hosts. */
function point<Name extends string>(name: string, { metrics, targets = {}, contestants, trial }: Trial<Name>): Point {
  const at = { bench: 'pair', point: name }
  return {
    contestants,
    async measure(lab) {
      const samples = await takeTurns<Contestant, Name>(name, lab, contestants, (contestant) =>
        serve(lab, contestant, (serving) => trial(serving, contestant, lab))
      )
      const own = samples.get(TANDEM) ?? []
      const beside = (Object.entries(targets) as [Name, number][]).map(([metric, target]) =>
        figure(at, metrics[metric], medianOf(own.map((sample) => sample[metric])), 'target', target)
      )
      return [...compare(at, metrics, samples), ...beside]
    }
  }
}

async function load(hosts: Hosts, { generator }: Lab, { servers }: Contestant, options: readonly string[]) {
  return JSON.parse(await hosts.client.run([generator, '-r', RELAY, ...options, ...servers])) as LoadResult
}

async function serve<Result>(lab: Lab, contestant: Contestant, use: (serving: Serving) => Promise<Result>) {
  const folder = await mkdtemp(join(lab.folder, 'serving-'))
  const hosts = await makeHosts(lab.run)
  try {
    const processes = await contestant.start(hosts, folder)
    const { exchanges } = await load(hosts, lab, contestant, FIRST_CLIENT)
    if (exchanges === 0) throw new Error('it gave nobody an address for 30 seconds')
    const result = await use({ hosts, folder, processes })
    await rm(folder, { recursive: true })
    return result
  } catch (error) {
    throw new Error(`${contestant.name}, logs in ${folder}: ${(error as Error).message}`)
  } finally {
    await hosts.remove()
  }
}
