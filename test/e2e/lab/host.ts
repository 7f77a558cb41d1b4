import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { endProcesses, type Network, removeNamespace } from './network.ts'
import { type Running, run, start } from './process.ts'

/** A machine with its operating system up: a network namespace with one card, eth0, and with a /run and /var/lib of its own. */
export type Host = {
  readonly mac: string
  /** The folder of its /run. */
  readonly run: string
  /** Runs a program on it to its end; see `run`. */
  execute(argv: readonly string[]): Promise<string>
  /** Starts a program on it, which logs to the host's log. */
  start(argv: readonly string[]): Promise<Running>
  /** Plugs the card into a segment, the same or another; its cable is out for a moment. */
  plug(network: Network): Promise<void>
  /** The IPv4 addresses of its card, with their prefix lengths. */
  addresses(): Promise<string[]>
  /** Ends every program at once, and the card has no address any more; what /run and /var/lib hold stays. */
  cutPower(): Promise<void>
  log(): Promise<string>
  remove(): Promise<void>
}

/** The programs' own mounts; /sys is read-only as in a container, so that systemd-networkd waits for no udev. */
const MOUNTS = `mount --bind "$0/run" /run && mount --bind "$0/lib" /var/lib && mount -o remount,ro /sys && exec "$@"`

/** Makes a host that is plugged into a segment. `folder` takes its own folder. */
export async function makeHost(network: Network, mac: string, namespace: string, folder: string): Promise<Host> {
  const own = join(folder, mac.replaceAll(':', ''))
  const log = join(own, 'log')
  const inside = ['ip', 'netns', 'exec', namespace, 'sh', '-c', MOUNTS, own]
  const ip = (...args: string[]) => run(['ip', '-n', namespace, ...args])
  const port = `h${mac.replaceAll(':', '')}`
  let where = network.namespace

  const host: Host = {
    mac,
    run: join(own, 'run'),
    execute: (argv) => run([...inside, ...argv]),
    start: (argv) => start([...inside, ...argv], log),
    async plug(to) {
      await run(['ip', '-n', where, 'link', 'set', port, 'down'])
      await run(['ip', '-n', where, 'link', 'set', port, 'netns', to.namespace])
      where = to.namespace
      await run(['ip', '-n', where, 'link', 'set', port, 'master', to.bridge, 'up'])
    },
    async addresses() {
      const [card] = JSON.parse(await ip('-json', '-4', 'addr', 'show', 'eth0')) as [Card | undefined]
      return (card?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`)
    },
    async cutPower() {
      await endProcesses(namespace)
      await ip('addr', 'flush', 'dev', 'eth0')
    },
    log: () => readFile(log, 'utf8'),
    remove: () => removeNamespace(namespace)
  }

  for (const mounted of ['run', 'lib']) await mkdir(join(own, mounted), { recursive: true })
  await run(['ip', 'netns', 'add', namespace])
  await ip('link', 'set', 'lo', 'up')
  const card = ['eth0', 'address', mac, 'type', 'veth', 'peer', 'name', port, 'netns', where]
  await ip('link', 'add', ...card)
  await host.plug(network)
  await ip('link', 'set', 'eth0', 'up')
  return host
}

type Card = { addr_info?: { local: string; prefixlen: number }[] }
