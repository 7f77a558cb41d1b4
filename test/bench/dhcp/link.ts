import { type Cidr, type Ipv4, prefixOf } from '../../../src/net/ipv4.ts'
import { type Running, run, start } from '../../e2e/lab/process.ts'

/** A network namespace. */
export type Host = {
  /** Runs a program there to its end; see `run`. */
  run(argv: readonly string[]): Promise<string>
  /** Starts a program there; see `start`. */
  start(argv: readonly string[], log: string): Promise<Running>
  /** The processes that run there. */
  processes(): Promise<number[]>
}

/** A server's and a relay agent's host on one Ethernet link. */
export type Link = {
  readonly server: Host
  readonly relay: Host
  /** Kills what still runs on the hosts, each process by its id, and removes them. */
  remove(): Promise<void>
}

/** The device that a host has on the link. */
export const DEVICE = 'eth0'

/** Joins two namespaces by a veth pair, with these addresses of a network. */
export async function makeLink(name: string, network: Cidr, hosts: { server: Ipv4; relay: Ipv4 }): Promise<Link> {
  const [server, relay] = [`${name}-server`, `${name}-relay`]
  await run(['ip', 'netns', 'add', server])
  await run(['ip', 'netns', 'add', relay])
  await run(['ip', '-n', server, 'link', 'add', DEVICE, 'type', 'veth', 'peer', 'name', DEVICE, 'netns', relay])
  for (const [namespace, address] of [[server, hosts.server] as const, [relay, hosts.relay] as const]) {
    await run(['ip', '-n', namespace, 'addr', 'add', `${address}/${prefixOf(network)}`, 'dev', DEVICE])
    await run(['ip', '-n', namespace, 'link', 'set', 'lo', 'up'])
    await run(['ip', '-n', namespace, 'link', 'set', DEVICE, 'up'])
  }
  return {
    server: host(server),
    relay: host(relay),
    async remove() {
      await remove(server)
      await remove(relay)
    }
  }
}

function host(namespace: string): Host {
  const inside = ['ip', 'netns', 'exec', namespace]
  return {
    run: (argv) => run([...inside, ...argv]),
    start: (argv, log) => start([...inside, ...argv], log),
    async processes() {
      const pids = await run(['ip', 'netns', 'pids', namespace])
      return pids.split('\n').filter(Boolean).map(Number)
    }
  }
}

async function remove(namespace: string): Promise<void> {
  const script = 'ip netns pids "$0" | xargs --no-run-if-empty kill -KILL; ip netns delete "$0"'
  await run(['sh', '-c', script, namespace])
}
