import type { Figure, Metric, Sample } from '../figures.ts'
import { compare } from '../figures.ts'
import { takeTurns } from '../turns.ts'
import type { Contender } from './contender.ts'
import { ceiling } from './contenders/ceiling.ts'
import { dnsmasq } from './contenders/dnsmasq.ts'
import { isc } from './contenders/isc.ts'
import { keaMulti, keaSingle, perfdhcp } from './contenders/kea.ts'
import { npmDhcp } from './contenders/npm-dhcp.ts'
import { tandem } from './contenders/tandem.ts'
import { growth } from './growth.ts'
import { highestRate } from './perfdhcp.ts'
import { type Lab, prepare, type Served, serveCopy } from './served.ts'
import { POOL_SITE, reservationSite, type Site } from './site.ts'

/** A comparison, under a name. */
export type Point = {
  /** Who takes part, besides Tandem: for their versions. */
  readonly contenders: readonly Contender[]
  measure(lab: Lab): Promise<readonly Figure[]>
}

/** The same trial for several servers. */
type Trial<Name extends string> = {
  readonly site: Site
  readonly metrics: Readonly<Record<Name, Metric>>
  readonly contenders: readonly Contender[]
  trial(served: Served, lab: Lab, earlier: readonly Sample<Name>[]): Promise<Sample<Name>>
}

const RATE = { unit: 'exchanges/s', better: 'higher' } as const satisfies Metric
const LATENCY = { unit: 'ms p99', better: 'lower' } as const satisfies Metric
const CPU = { unit: 'µs CPU/exchange', better: 'lower' } as const satisfies Metric

const RESERVATIONS = 10_000
const STORM = { clients: 1000, seconds: 30 }

/** Durations in seconds. All measure whole exchanges: DISCOVER, OFFER, REQUEST, ACK. */
export const POINTS: Readonly<Record<string, Point>> = {
  /** 50,000 clients of a pool of 65,000 addresses; the first round makes leases, the next ones find them. */
  pool: point('pool', {
    site: POOL_SITE,
    metrics: { rate: RATE, latency: LATENCY, cpu: CPU },
    contenders: [tandem, keaMulti, keaSingle, isc, dnsmasq, npmDhcp, ceiling],
    trial: (served) => loaded(served, ['-o', '64', '-c', '50000', '-w', '2', '-d', '4'])
  }),
  /** Registered machines only. */
  reservations: point('reservations', {
    site: reservationSite(RESERVATIONS),
    metrics: { rate: RATE, latency: LATENCY, cpu: CPU },
    contenders: [tandem, keaMulti, keaSingle, isc, dnsmasq],
    trial: (served) => loaded(served, ['-o', '64', '-c', String(RESERVATIONS), '-w', '2', '-d', '3'])
  }),
  /** No client at the same time as another. */
  one: point('one', {
    site: POOL_SITE,
    metrics: { rate: RATE, latency: LATENCY, cpu: CPU },
    contenders: [tandem, keaMulti, keaSingle, isc, dnsmasq],
    trial: (served) => loaded(served, ['-o', '1', '-c', '50000', '-w', '2', '-d', '2'])
  }),
  /** A thousand machines are switched on at once. */
  storm: point('storm', {
    site: POOL_SITE,
    metrics: {
      time: { unit: `ms until all are bound (${STORM.seconds * 1000} at most)`, better: 'lower' },
      lost: { unit: 'timeouts', better: 'lower' },
      naks: { unit: 'NAKs', better: 'lower' },
      unbound: { unit: 'clients without an address', better: 'lower' }
    },
    contenders: [tandem, keaMulti, keaSingle],
    trial: (served) => stormed(served)
  }),
  /** Kea's load generator, which sends at a rate whether answers come or not. */
  perfdhcp: point('perfdhcp', {
    site: POOL_SITE,
    metrics: { rate: { unit: 'exchanges/s, < 1 % drops', better: 'higher' } },
    contenders: [tandem, keaMulti, keaSingle, ceiling],
    trial: async (served, { link }, [earlier]) => {
      await served.load('-o', '64', '-c', '50000', '-d', '2')
      return { rate: await highestRate(perfdhcp, link.client, { guess: earlier?.rate }) }
    }
  }),
  growth: { contenders: [tandem], measure: growth }
}

function point<Name extends string>(name: string, { site, metrics, contenders, trial }: Trial<Name>): Point {
  return {
    contenders,
    async measure(lab) {
      const prepared = new Map<Contender, string>()
      for (const contender of contenders) prepared.set(contender, await prepare(lab, contender, site))
      const samples = await takeTurns<Contender, Name>(name, lab, contenders, (contender, earlier) =>
        serveCopy(lab, contender, site, prepared.get(contender) as string, (served) => trial(served, lab, earlier))
      )
      return compare({ bench: 'dhcp', point: name }, metrics, samples)
    }
  }
}

/** @throws when an address is given twice. */
async function loaded(served: Served, options: readonly string[]): Promise<Sample<'rate' | 'latency' | 'cpu'>> {
  const before = await served.cpuTime()
  const { rate, latencyUs, withWarmup, duplicates } = await served.load(...options)
  const used = (await served.cpuTime()) - before
  if (duplicates > 0) throw new Error(`${duplicates} addresses were given to two clients at once`)
  return { rate, latency: latencyUs.p99 / 1000, cpu: used / withWarmup }
}

async function stormed(served: Served): Promise<Sample<'time' | 'lost' | 'naks' | 'unbound'>> {
  const { clients, seconds } = STORM
  const result = await served.load('--storm', '-n', String(clients), '-d', String(seconds))
  const { lost, naks, exchanges } = result
  return { time: result.seconds * 1000, lost, naks, unbound: clients - exchanges }
}
