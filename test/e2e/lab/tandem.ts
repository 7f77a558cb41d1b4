import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Seat } from './network.ts'
import type { Running } from './process.ts'
import { waitFor } from './wait.ts'

const PROGRAM = resolve(import.meta.dirname, '../../../bin/tandem')

/** What the scenarios look at in `machine show --json`. */
export type MachineView = {
  name: string
  state: string
  interfaces: { mac: string; ipv4?: string }[]
  facts: Record<string, string>
  /** In `show` only, not in `list`. */
  attempts: { mac: string; stage: string }[]
}

/** In `leases --json`; `state` is `active`, `expired`, `released` or `declined`. */
export type LeaseView = { address: string; mac: string; state: string }

/** And in `events --json`; `time` as ISO 8601 has it. */
export type EventView = { time: string; type: string; machine?: string; mac?: string; message: string }

/** Who gives the machines their addresses: the daemon, or another server beside it. */
export type DhcpMode = 'authoritative' | 'proxy'

/** Where and how a daemon serves. */
export type Serving = {
  /** On segments of one namespace. */
  networks: readonly [Seat, ...Seat[]]
  mode: DhcpMode
  /** The folder of the loaders, absolute; left out: where Debian has them. */
  loaders?: string | undefined
  /** Its name; default `a`. */
  instance?: string
  /** Addresses and ports, as in its configuration. */
  pair?: { listen: string; peer: string }
}

/** The daemon as it is installed, and its command line, both in the network's namespace. */
export type Tandem = {
  /** Runs the command line and gives what it printed. @throws with everything it printed, when it fails. */
  cli(...args: string[]): Promise<string>
  /** The same with `--json`, parsed. */
  json<Shape>(...args: string[]): Promise<Shape>
  /** Applies an inventory, as `export` writes it. */
  apply(inventory: object): Promise<void>
  machine(name: string): Promise<MachineView>
  leases(...options: string[]): Promise<LeaseView[]>
  events(): Promise<EventView[]>
  /** What the daemon logged. */
  log(): Promise<string>
  stop(): Promise<void>
  /** Sends it a signal, at once. */
  signal(name: NodeJS.Signals): void
  /** Starts it again on what its state folder holds, once it is gone. */
  start(): Promise<void>
}

/** Starts the daemon and waits until it serves. `folder` takes its state and its log. */
export async function startTandem(serving: Serving, folder: string): Promise<Tandem> {
  const [network] = serving.networks
  const [config = '', state = '', log = ''] = ['tandem.yaml', 'state', 'tandem.log'].map((name) => join(folder, name))
  const access = join(state, 'admin.url')
  let daemon: Running
  const tandem: Tandem = {
    cli: (...args) => network.run([PROGRAM, '--state', state, ...args]),
    json: async <Shape>(...args: string[]) => JSON.parse(await tandem.cli(...args, '--json')) as Shape,
    async apply(inventory) {
      const file = join(folder, 'inventory.yaml')
      // JSON is YAML.
      await writeFile(file, JSON.stringify(inventory, null, 2))
      await tandem.cli('apply', '-f', file)
    },
    machine: (name) => tandem.json<MachineView>('machine', 'show', name),
    leases: (...options) => tandem.json<LeaseView[]>('leases', ...options),
    events: () => tandem.json<EventView[]>('events', '--limit', '500'),
    log: () => readFile(log, 'utf8'),
    stop: () => daemon.stop(),
    signal: (name) => process.kill(daemon.pid, name),
    async start() {
      await rm(access, { force: true })
      daemon = await network.start([PROGRAM, 'serve', '--config', config], log)
      await waitFor('tandem tells its command line where it is', 60, async () => {
        if (daemon.exitCode() !== undefined)
          throw new Error(`tandem serve ended (exit ${daemon.exitCode()}):\n${await tandem.log()}`)
        return existsSync(access)
      })
    }
  }
  await mkdir(folder, { recursive: true })
  await writeFile(config, configuration(serving, state))
  await tandem.start()
  return tandem
}

function configuration({ networks, mode, loaders, instance = 'a', pair }: Serving, state: string): string {
  const interfaces = networks.map(({ bridge, address }) => `    - { name: ${bridge}, address: ${address} }`)
  return `instance: ${instance}
state: ${state}
provisioning:
  interfaces:
${interfaces.join('\n')}
  http: 80
  tftp: 69
  dhcp: { port: 67, mode: ${mode} }${loaders === undefined ? '' : `\n  loaders: ${loaders}`}
admin:
  listen: 127.0.0.1:8443
${pair === undefined ? '' : `pair: { listen: '${pair.listen}', peer: '${pair.peer}' }\n`}`
}
