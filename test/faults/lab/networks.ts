import { makeBridge, makeComputer, plugIn, removeNamespace } from '../../e2e/lab/network.ts'
import { run } from '../../e2e/lab/process.ts'
import { enterNamespace } from './namespace.ts'

export const SIDES = ['a', 'b'] as const
export type Side = (typeof SIDES)[number]
export const other = (side: Side): Side => (side === 'a' ? 'b' : 'a')

/** `prov`: the provisioning network; `link`: the pair's own; `admin`: the administrators', which nothing is done to. */
export type Wire = 'prov' | 'link' | 'admin'

/** The first three numbers of each network's addresses; the last is a's 1, b's 2 and 9 of whoever tests. */
const PREFIXES: Readonly<Record<Wire, string>> = { prov: '10.77.0', link: '10.99.0', admin: '10.98.0' }
const LENGTHS: Readonly<Record<Wire, number>> = { prov: 16, link: 24, admin: 24 }
const LAST = { a: 1, b: 2, tester: 9 } as const
const NOBODY = '02:00:00:00:00:01'

/** What a network's card is called, and its bridge. */
export const cardOf = (wire: Wire) => `${wire}0`
export const addressOf = (wire: Wire, who: keyof typeof LAST) => `${PREFIXES[wire]}.${LAST[who]}`

/** Two computers, each a network namespace, on the bridges of a third namespace, in which the test's own sockets are. */
export type Networks = {
  namespaceOf(side: Side): string
  /**
   * What one instance sends to the other on a network is lost from now on, and nobody is told: its neighbour's MAC address is
   * wrong. The test itself reaches both as ever.
   */
  deafen(wire: Wire, from: Side): Promise<void>
  hear(wire: Wire, from: Side): Promise<void>
  /** Nothing goes between the two on these networks, in either direction. */
  cut(...wires: Wire[]): Promise<void>
  heal(...wires: Wire[]): Promise<void>
  /** The cable is out at the switch: the computer itself sees its card up. */
  unplug(wire: Wire, side: Side): Promise<void>
  plug(wire: Wire, side: Side): Promise<void>
  remove(): Promise<void>
}

/** @param namespace the name of a namespace for something. */
export async function makeNetworks(namespace: (name: string) => string): Promise<Networks> {
  const hub = namespace('hub')
  const namespaceOf = (side: Side) => namespace(side)
  const made: string[] = []
  let leave = () => {}

  const networks: Networks = {
    namespaceOf,
    async deafen(wire, from) {
      const address = addressOf(wire, other(from))
      await ip(
        namespaceOf(from),
        'neigh',
        'replace',
        address,
        'lladdr',
        NOBODY,
        'dev',
        cardOf(wire),
        'nud',
        'permanent'
      )
    },
    async hear(wire, from) {
      await ip(namespaceOf(from), 'neigh', 'del', addressOf(wire, other(from)), 'dev', cardOf(wire))
    },
    async cut(...wires) {
      for (const wire of wires) for (const side of SIDES) await networks.deafen(wire, side)
    },
    async heal(...wires) {
      for (const wire of wires) for (const side of SIDES) await networks.hear(wire, side)
    },
    unplug: (wire, side) => ip(hub, 'link', 'set', `${wire}-${side}`, 'nomaster'),
    plug: (wire, side) => ip(hub, 'link', 'set', `${wire}-${side}`, 'master', cardOf(wire)),
    async remove() {
      leave()
      for (const namespace of made.reverse()) await removeNamespace(namespace)
    }
  }

  try {
    for (const namespace of [hub, ...SIDES.map(namespaceOf)]) {
      await makeComputer(namespace)
      made.push(namespace)
    }
    for (const wire of Object.keys(PREFIXES) as Wire[]) {
      const card = cardOf(wire)
      const on = (who: keyof typeof LAST) => `${addressOf(wire, who)}/${LENGTHS[wire]}`
      await makeBridge(hub, card, on('tester'))
      for (const side of SIDES) {
        const port = { namespace: hub, bridge: card, port: `${wire}-${side}` }
        await plugIn({ namespace: namespaceOf(side), card, ipv4: on(side) }, port)
      }
    }
    leave = enterNamespace(hub)
    return networks
  } catch (error) {
    await networks.remove()
    throw error
  }
}

async function ip(namespace: string, ...args: string[]): Promise<void> {
  await run(['ip', '-n', namespace, ...args])
}
