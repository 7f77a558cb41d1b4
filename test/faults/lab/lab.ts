import type { ExecutionContext } from 'ava'
import { onGround } from '../../e2e/lab/ground.ts'
import { Instance, pairAddress } from './instance.ts'
import { makeNetworks, type Networks } from './networks.ts'

export const SUBNET = '10.77.0.0/16'

/** Two instances, and what is between them. */
export type Lab = {
  readonly a: Instance
  readonly b: Instance
  readonly both: readonly [Instance, Instance]
  readonly networks: Networks
  /** A temporary folder. */
  readonly folder: string
  /** What ends what else goes on, such as load: also when the scenario fails. */
  readonly ending: (() => Promise<unknown>)[]
}

type Scenario = (t: ExecutionContext, lab: Lab) => Promise<void>
type Options = {
  /** Called before the instances are started. */
  readonly before?: (lab: Lab) => Promise<void>
  /** Called whatever happens, when the instances have ended. */
  readonly after?: (lab: Lab) => Promise<void>
}

/** An hour: kills are as many as a person asks for. */
const MINUTES = 60

/**
 * Makes a test of a scenario: gives it two instances that aren't a pair yet, and takes all down whatever happens. When the
 * scenario fails, the end of each one's log is printed.
 */
export function inLab(scenario: Scenario, { before, after }: Options = {}) {
  return onGround(async (t, { folder, namespace, keep }) => {
    const ending: Lab['ending'] = []
    const networks = await makeNetworks(namespace)
    const [a, b] = [new Instance('a', networks, folder), new Instance('b', networks, folder)]
    const lab: Lab = { a, b, both: [a, b], networks, folder, ending }
    if (after) keep({ remove: () => after(lab) })
    keep(networks)
    keep({
      async remove() {
        await Promise.all(lab.both.map((each) => each.kill()))
        await Promise.all(ending.map((end) => end()))
      }
    })
    try {
      await before?.(lab)
      await a.start()
      await b.start()
      await scenario(t, lab)
    } catch (error) {
      for (const each of lab.both) t.log(`--- log of ${each.side}\n${await lastLines(each)}`)
      throw error
    }
  }, MINUTES)
}

/** The same with a pair that is in step, and with a subnet. */
export function onPair(scenario: Scenario, options: Options = {}) {
  return inLab(async (t, lab) => {
    await pair(lab)
    await lab.a.client.json('POST', '/subnets', {
      cidr: SUBNET,
      gateway: '10.77.0.254',
      pools: [{ from: '10.77.128.0', to: '10.77.254.255' }]
    })
    await scenario(t, lab)
  }, options)
}

/** B joins a. */
export async function pair({ a, b, both }: Lab): Promise<void> {
  const { code } = await a.client.json<{ code: string }>('POST', '/pair/invite')
  await b.client.json('POST', '/pair/join', { address: pairAddress('a'), code })
  await inState('NORMAL', ...both)
}

/** Waits until the instances are in a state. @returns milliseconds that each took. */
export function inState(state: string, ...instances: readonly Instance[]): Promise<number[]> {
  return Promise.all(instances.map((each) => each.until(state)))
}

/** What the daemon said of itself and of the other one; each step of each machine would hide that. */
async function lastLines(instance: Instance): Promise<string> {
  const log = await instance.log().catch(() => '')
  const lines = log.split('\n').filter((line) => line !== '' && !line.includes('"protocol":'))
  return lines.slice(-30).join('\n')
}
