import { join } from 'node:path'
import { type Running, run, start } from './process.ts'

/** A network namespace with one Ethernet segment, on which machines and servers run. */
export type Network = {
  readonly namespace: string
  readonly bridge: string
  /** The address of this namespace on the segment. */
  readonly address: string
  /** Runs a program in the namespace to its end; see `run`. */
  run(argv: readonly string[]): Promise<string>
  /** Starts a program in the namespace; see `start`. */
  start(argv: readonly string[], log: string): Promise<Running>
  /** Makes a tap device on the segment for a machine's network card, and gives its name. */
  tap(): Promise<string>
  /** Kills what still runs in the namespace, each process by its id, and removes it. */
  remove(): Promise<void>
}

/** The addresses are this side's own, with their prefix lengths. */
export type Segment = { namespace: string; bridge: string; ipv4: string; ipv6: string }

/**
 * Makes a namespace with one segment. IPv6 has a router (RFC 4861) and DHCP without a boot file: without
 * them, iPXE waits 13 seconds at every start, and UEFI a minute before it goes on from IPv6 to the disk. `folder`
 * takes the logs.
 */
export async function makeNetwork(segment: Segment, folder: string): Promise<Network> {
  const { namespace, bridge } = segment
  const inside = ['ip', 'netns', 'exec', namespace]
  const ip = (...args: string[]) => run(['ip', '-n', namespace, ...args])
  let taps = 0

  const network: Network = {
    namespace,
    bridge,
    address: segment.ipv4.split('/')[0] as string,
    run: (argv) => run([...inside, ...argv]),
    start: (argv, log) => start([...inside, ...argv], log),
    async tap() {
      const name = `tap${taps++}`
      await run([...inside, 'ip', 'tuntap', 'add', name, 'mode', 'tap'])
      await ip('link', 'set', name, 'master', bridge, 'up')
      return name
    },
    remove: () => removeNamespace(namespace)
  }

  await run(['ip', 'netns', 'add', namespace])
  await ip('link', 'set', 'lo', 'up')
  await ip('link', 'add', bridge, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0')
  await ip('addr', 'add', segment.ipv4, 'dev', bridge)
  await ip('addr', 'add', segment.ipv6, 'dev', bridge, 'nodad')
  await ip('link', 'set', bridge, 'up')
  const range = `--dhcp-range=::100,::1ff,constructor:${bridge},64`
  const ipv6 = ['--port=0', '--enable-ra', '--dhcp-authoritative', `--interface=${bridge}`, range]
  // It neither reads nor writes anything of this machine's own.
  const dnsmasq = ['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file', '--leasefile-ro']
  await network.start([...dnsmasq, ...ipv6], join(folder, 'ipv6.log'))
  return network
}

/** Ends every process of a namespace and removes it. Nothing of the suite runs outside its namespaces. */
async function removeNamespace(namespace: string): Promise<void> {
  const script = 'ip netns pids "$0" | xargs --no-run-if-empty kill -KILL; ip netns delete "$0"'
  await run(['sh', '-c', script, namespace])
}
