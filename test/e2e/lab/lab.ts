import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { evidence } from './evidence.ts'
import { onGround } from './ground.ts'
import { type Host, makeHost } from './host.ts'
import { type Hardware, type Machine, makeMachine } from './machine.ts'
import { makeNetwork, type Network } from './network.ts'
import { type DhcpMode, startTandem, type Tandem } from './tandem.ts'

type Scenario = (t: ExecutionContext, lab: Lab) => Promise<void>

/** Provisioning networks of a scenario's own, with Tandem on them. */
export type Lab = {
  /** A temporary folder. */
  readonly folder: string
  /** Where Tandem is 10.77.0.1. */
  readonly network: Network
  /** On another of its interfaces, where it is 10.80.0.1. */
  readonly secondNetwork: Network
  readonly tandem: Tandem
  /** Plugs in a machine; without `network`, into Tandem's own segment. It is off. */
  machine(hardware: Hardware, network?: Network): Promise<Machine>
  /** Plugs in a host, likewise. It is on. */
  host(mac: string, network?: Network): Promise<Host>
  /** Makes another network, in a namespace of its own. All is removed with the lab. */
  segment(bridge: string, ipv4: string, ipv6: string): Promise<Network>
}

/**
 * Makes a test of a scenario: gives it a lab, and takes that down whatever happens. When the scenario fails, its evidence
 * is printed.
 * @param mode of Tandem's DHCP.
 * @param loaders what is called before Tandem starts, to put files into a folder that it then has its loaders in; left
 *   out: it has Debian's.
 */
export function inLab(scenario: Scenario, mode: DhcpMode = 'authoritative', loaders?: (into: string) => Promise<void>) {
  return onGround(async (t, { folder, namespace, keep }) => {
    const segment = async (bridge: string, ipv4: string, ipv6: string) =>
      keep(await makeNetwork({ namespace: namespace(bridge), bridge, ipv4, ipv6 }, folder))
    const network = await segment('br0', '10.77.0.1/24', 'fd77::1/64')
    const secondNetwork = await network.segment('br0b', '10.80.0.1/24')
    const own = loaders && join(folder, 'loaders')
    if (own) {
      await mkdir(own)
      await loaders(own)
    }
    const tandem = await startTandem({ networks: [network, secondNetwork], mode, loaders: own }, folder)
    const machines: Machine[] = []
    const machine = async (hardware: Hardware, where: Network = network) => {
      const plugged = await makeMachine(where, hardware, folder)
      machines.push(plugged)
      return plugged
    }
    const hosts: Host[] = []
    const host = async (mac: string, where: Network = network) => {
      const plugged = keep(await makeHost(where, mac, namespace(mac.replaceAll(':', '')), folder))
      hosts.push(plugged)
      return plugged
    }
    try {
      await scenario(t, { folder, network, secondNetwork, tandem, machine, host, segment })
    } catch (error) {
      t.log(await evidence({ tandem }, machines, hosts, folder))
      throw error
    }
    await tandem.stop()
  })
}
