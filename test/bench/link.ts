import { type Cidr, type Ipv4, prefixOf } from '../../src/net/ipv4.ts'
import { type Running, run, start } from '../e2e/lab/process.ts'

/** A network namespace. */
export type Host = {
  /** Runs a program there to its end; see `run`. */
  run(argv: readonly string[]): Promise<string>
  /** Starts a program there; see `start`. */
  start(argv: readonly string[], log: string): Promise<Running>
  /** The processes that run there. */
  processes(): Promise<number[]>
}

/** A server's host and that of its clients on one Ethernet link. */
export type Link = {
  readonly server: Host
  readonly client: Host
  /** Kills what still runs on the hosts, each process by its id, and removes them. */
  remove(): Promise<void>
}

/** The device that a host has on the link. */
export const DEVICE = 'eth0'

/** Joins two namespaces by a veth pair, with these addresses of a network. */
export async function makeLink(name: string, network: Cidr, hosts: { server: Ipv4; client: Ipv4 }): Promise<Link> {
  const [server, client] = [`${name}-server`, `${name}-client`]
  await run(['ip', 'netns', 'add', server])
  await run(['ip', 'netns', 'add', client])
  await run(['ip', '-n', server, 'link', 'add', DEVICE, 'type', 'veth', 'peer', 'name', DEVICE, 'netns', client])
  for (const [namespace, address] of [[server, hosts.server] as const, [client, hosts.client] as const]) {
    await run(['ip', '-n', namespace, 'addr', 'add', `${address}/${prefixOf(network)}`, 'dev', DEVICE])
    await run(['ip', '-n', namespace, 'link', 'set', 'lo', 'up'])
    await run(['ip', '-n', namespace, 'link', 'set', DEVICE, 'up'])
  }
  return {
    server: host(server),
    client: host(client),
    async remove() {
      await remove(server)
      await remove(client)
    }
  }
}

/** A namespace that is there already. */
export function host(namespace: string): Host {
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

/** Kills what runs in a namespace, each process by its id, and removes it. */
export async function remove(namespace: string): Promise<void> {
  const script = 'ip netns pids "$0" | xargs --no-run-if-empty kill -KILL; ip netns delete "$0"'
  await run(['sh', '-c', script, namespace])
}
