import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '../../e2e/lab/wait.ts'
import { configuration, configured, keaMulti, keaSingle, keaVersion, THREADS } from '../dhcp/contenders/kea.ts'
import { inventoryOf, PROGRAM, tandem, tandemVersion } from '../dhcp/contenders/tandem.ts'
import { POOL_SITE } from '../dhcp/site.ts'
import { TANDEM } from '../figures.ts'
import { DEVICE } from '../link.ts'
import { PEERS } from '../peers.ts'
import { alone, type Contestant } from './contender.ts'
import { BETWEEN, SERVERS, type Side } from './hosts.ts'

const SIDES = ['a', 'b'] as const satisfies readonly Side[]
const PAIR_PORT = 8444
const KEA_PORT = 8000

/** Two instances, both answering. */
export const tandemPair: Contestant = {
  name: TANDEM,
  version: tandemVersion,
  servers: Object.values(SERVERS),
  async start(hosts, folder) {
    const cli = (side: Side, ...args: string[]) => hosts[side].run([PROGRAM, '--state', stateOf(folder, side), ...args])
    const states = async () =>
      Promise.all(SIDES.map((side) => cli(side, 'pair', 'status', '--json').catch(() => 'not up')))
    const all = (pattern: RegExp) => async () => (await states()).every((state) => pattern.test(state))
    const processes = []
    for (const side of SIDES) {
      const config = await configureTandem(folder, side)
      processes.push(await hosts[side].start([PROGRAM, 'serve', '--config', config], join(folder, `${side}.log`)))
    }
    await waitFor('both instances answer', 30, all(/"state"/))
    const inventory = join(folder, 'site.yaml')
    await writeFile(inventory, JSON.stringify(inventoryOf(POOL_SITE)))
    await cli('a', 'apply', '-f', inventory)
    const { code } = JSON.parse(await cli('a', 'pair', 'invite', '--json')) as { code: string }
    await cli('b', 'pair', 'join', `${BETWEEN.a}:${PAIR_PORT}`, code)
    await waitFor('both are in step', 60, all(/"state": *"NORMAL"/))
    return processes
  }
}

/** Where an instance's token and URL are. */
export function stateOf(folder: string, side: Side): string {
  return join(folder, side, 'state')
}

async function configureTandem(folder: string, side: Side): Promise<string> {
  const other = side === 'a' ? 'b' : 'a'
  await mkdir(stateOf(folder, side), { recursive: true })
  const config = join(folder, side, 'tandem.yaml')
  await writeFile(
    config,
    `instance: ${side}
state: state
provisioning: { interfaces: [{ name: ${DEVICE}, address: ${SERVERS[side]} }] }
pair: { listen: '${BETWEEN[side]}:${PAIR_PORT}', peer: '${BETWEEN[other]}:${PAIR_PORT}' }
`
  )
  return config
}

/** Kea's pair of a primary, which answers, and a standby: the high availability of its manual, with its default times. */
export const keaHotStandby: Contestant = {
  name: 'Kea hot-standby pair',
  version: keaVersion,
  servers: Object.values(SERVERS),
  async start(hosts, folder) {
    const processes = []
    for (const side of SIDES) {
      await mkdir(join(folder, side), { recursive: true })
      const own = configuration(join(folder, side), POOL_SITE, THREADS, SERVERS[side])
      const command = await configured(join(folder, side), { ...own, 'hooks-libraries': hooks(side) })
      processes.push(await hosts[side].start(command, join(folder, `${side}.log`)))
    }
    const question = ['-s', '-m', '1', '-H', 'Content-Type: application/json', '-d', '{"command":"ha-heartbeat"}']
    for (const side of SIDES) {
      await waitFor(`Kea ${side} is in hot-standby`, 60, async () => {
        const state = await hosts[side].run(['curl', ...question, urlOf(side)]).catch(() => '')
        return state.includes('"hot-standby"')
      })
    }
    return processes
  }
}

function hooks(side: Side): object[] {
  const folder = join(PEERS, 'usr/lib/x86_64-linux-gnu/kea/hooks')
  const pair = {
    'this-server-name': side,
    mode: 'hot-standby',
    'multi-threading': { 'enable-multi-threading': true, 'http-dedicated-listener': true },
    peers: SIDES.map((name) => ({ name, url: urlOf(name), role: name === 'a' ? 'primary' : 'standby' }))
  }
  return [
    { library: join(folder, 'libdhcp_lease_cmds.so') },
    { library: join(folder, 'libdhcp_ha.so'), parameters: { 'high-availability': [pair] } }
  ]
}

function urlOf(side: Side): string {
  return `http://${BETWEEN[side]}:${KEA_PORT}/`
}

export const tandemAlone = alone(tandem, POOL_SITE)
export const keaAlone = alone(keaSingle, POOL_SITE)
export const keaMultiAlone = alone(keaMulti, POOL_SITE)
