import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { evidence } from './evidence.ts'
import { onGround } from './ground.ts'
import { type Hardware, type Machine, makeMachine } from './machine.ts'
import { makeComputer, makeNetwork, type Network, plugIn, removeNamespace, type Seat } from './network.ts'
import { run, start } from './process.ts'
import { startTandem, type Tandem } from './tandem.ts'
import { waitFor } from './wait.ts'

/** One of the two, on a host of its own. */
export type Instance = Tandem & {
  readonly name: 'a' | 'b'
  /** On the provisioning network. */
  readonly address: string
  /** Pulls its network cables, or plugs them in again. */
  cables(state: 'out' | 'in'): Promise<void>
}

export type PairLab = {
  readonly folder: string
  readonly network: Network
  /** In step. */
  readonly a: Instance
  readonly b: Instance
  machine(hardware: Hardware): Promise<Machine>
}

const LINK = { a: '10.99.0.1', b: '10.99.0.2' }
const ADDRESS = { a: '10.77.0.251', b: '10.77.0.252' }

/** Makes a test of a scenario with a pair of instances on one provisioning network, and a link of their own. */
export function onPair(scenario: (t: ExecutionContext, lab: PairLab) => Promise<void>) {
  return onGround(async (t, { folder, namespace, keep }) => {
    const addressing = { namespace: namespace('br0'), bridge: 'br0', ipv4: '10.77.0.1/24', ipv6: 'fd77::1/64' }
    const network = keep(await makeNetwork(addressing, folder))
    const host = async (name: 'a' | 'b') => {
      const seat = await makeSeat(network, namespace(name), name)
      keep({ remove: () => removeNamespace(seat.namespace) })
      return seat
    }
    const [seatA, seatB] = [await host('a'), await host('b')]
    await connect(seatA, seatB)
    const [a, b] = await Promise.all([startInstance(seatA, 'a', folder), startInstance(seatB, 'b', folder)])
    const machines: Machine[] = []
    const machine = async (hardware: Hardware) => {
      const plugged = await makeMachine(network, hardware, folder)
      machines.push(plugged)
      return plugged
    }
    try {
      const { code } = await a.json<{ code: string }>('pair', 'invite')
      await b.cli('pair', 'join', `${LINK.a}:8444`, code)
      await inStep(a, b)
      await scenario(t, { folder, network, a, b, machine })
    } catch (error) {
      t.log(await evidence({ a, b }, machines, [], folder))
      throw error
    }
  })
}

/** Waits until both say that they are in step. */
export async function inStep(...instances: readonly Instance[]): Promise<void> {
  for (const instance of instances) {
    await waitFor(`${instance.name} is in step`, 60, async () => {
      const status = await instance.json<{ state: string }>('pair', 'status').catch(() => undefined)
      return status?.state === 'NORMAL'
    })
  }
}

async function startInstance(seat: Seat, name: 'a' | 'b', folder: string): Promise<Instance> {
  const pair = { listen: `${LINK[name]}:8444`, peer: `${LINK[name === 'a' ? 'b' : 'a']}:8444` }
  const tandem = await startTandem(
    { networks: [seat], mode: 'authoritative', instance: name, pair },
    join(folder, name)
  )
  const state = { out: 'down', in: 'up' }
  return {
    ...tandem,
    name,
    address: seat.address,
    async cables(which) {
      for (const card of [seat.bridge, 'link0'])
        await run(['ip', '-n', seat.namespace, 'link', 'set', card, state[which]])
    }
  }
}

/** A host with a card, eth0, that is plugged into a segment. */
async function makeSeat(network: Network, namespace: string, name: 'a' | 'b'): Promise<Seat> {
  const [card, address] = ['eth0', ADDRESS[name]]
  await makeComputer(namespace)
  await plugIn(
    { namespace, card, ipv4: `${address}/24` },
    { namespace: network.namespace, bridge: network.bridge, port: `host${name}` }
  )
  const inside = ['ip', 'netns', 'exec', namespace]
  return {
    namespace,
    bridge: card,
    address,
    run: (argv) => run([...inside, ...argv]),
    start: (argv, log) => start([...inside, ...argv], log)
  }
}

/** The pair's own link, a cable between both hosts. */
async function connect(a: Seat, b: Seat): Promise<void> {
  await a.run(['ip', 'link', 'add', 'link0', 'type', 'veth', 'peer', 'name', 'link0', 'netns', b.namespace])
  await a.run(['ip', 'addr', 'add', `${LINK.a}/24`, 'dev', 'link0'])
  await b.run(['ip', 'addr', 'add', `${LINK.b}/24`, 'dev', 'link0'])
  for (const seat of [a, b]) await seat.run(['ip', 'link', 'set', 'link0', 'up'])
}
