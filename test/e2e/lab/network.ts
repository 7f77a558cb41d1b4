import { join } from 'node:path'
import { type Running, run, start } from './process.ts'

/** An Ethernet segment in a network namespace, on which machines and servers run. */
export type Network = {
  readonly namespace: string
  readonly bridge: string
  /** The address of this namespace on the segment. */
  readonly address: string
  /** The pcap file of all that goes over the segment, 800 bytes of a packet. */
  readonly capture: string
  /** Runs a program in the namespace to its end; see `run`. */
  run(argv: readonly string[]): Promise<string>
  /** Starts a program in the namespace; see `start`. */
  start(argv: readonly string[], log: string): Promise<Running>
  /** Makes a tap device on the segment for a machine's network card, and gives its name. */
  tap(): Promise<string>
  /** Makes another segment in the namespace. The address is this side's own, with its prefix length. */
  segment(bridge: string, ipv4: string): Promise<Network>
  /** Kills what still runs in the namespace, each process by its id, and removes it with all its segments. */
  remove(): Promise<void>
}

/** What a daemon needs of a segment: its own interface there. */
export type Seat = Pick<Network, 'namespace' | 'bridge' | 'address' | 'run' | 'start'>

/** The addresses are this side's own, with their prefix lengths. */
export type Addressing = { namespace: string; bridge: string; ipv4: string; ipv6: string }

/**
 * Makes a namespace with one segment. IPv6 has a router (RFC 4861) and DHCP without a boot file: without
 * them, iPXE waits 13 seconds at every start, and UEFI a minute before it goes on from IPv6 to the disk. `folder`
 * takes the logs and the captures.
 */
export async function makeNetwork(addressing: Addressing, folder: string): Promise<Network> {
  const { namespace, bridge, ipv4, ipv6 } = addressing
  await makeComputer(namespace)
  const network = await makeSegment(namespace, bridge, ipv4, folder)
  await network.run(['ip', 'addr', 'add', ipv6, 'dev', bridge, 'nodad'])
  const range = `--dhcp-range=::100,::1ff,constructor:${bridge},64`
  const options = ['--port=0', '--enable-ra', '--dhcp-authoritative', `--interface=${bridge}`, range]
  // It neither reads nor writes anything of this machine's own.
  const dnsmasq = ['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file', '--leasefile-ro']
  await network.start([...dnsmasq, ...options], join(folder, 'ipv6.log'))
  return network
}

async function makeSegment(namespace: string, bridge: string, ipv4: string, folder: string): Promise<Network> {
  const inside = ['ip', 'netns', 'exec', namespace]
  const capture = join(folder, `${bridge}.pcap`)
  let taps = 0

  const network: Network = {
    namespace,
    bridge,
    address: ipv4.split('/')[0] as string,
    capture,
    run: (argv) => run([...inside, ...argv]),
    start: (argv, log) => start([...inside, ...argv], log),
    async tap() {
      const name = `${bridge}tap${taps++}`
      await network.run(['ip', 'tuntap', 'add', name, 'mode', 'tap'])
      await network.run(['ip', 'link', 'set', name, 'master', bridge, 'up'])
      return name
    },
    segment: (another, address) => makeSegment(namespace, another, address, folder),
    remove: () => removeNamespace(namespace)
  }

  await makeBridge(namespace, bridge, ipv4)
  const tcpdump = ['tcpdump', '-Z', 'root', '-i', bridge, '-U', '--immediate-mode', '-s', '800', '-w', capture]
  await network.start(tcpdump, join(folder, 'tcpdump.log'))
  return network
}

/** @param ipv4 this side's address on it, with its prefix length. */
export async function makeBridge(namespace: string, name: string, ipv4?: string): Promise<void> {
  const ip = (...args: string[]) => run(['ip', '-n', namespace, ...args])
  await ip('link', 'add', name, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0')
  if (ipv4 !== undefined) await ip('addr', 'add', ipv4, 'dev', name)
  await ip('link', 'set', name, 'up')
}

/** A computer: a namespace of its own. */
export async function makeComputer(namespace: string): Promise<void> {
  await run(['ip', 'netns', 'add', namespace])
  await run(['ip', '-n', namespace, 'link', 'set', 'lo', 'up'])
}

/** Gives a computer a card, with an address and its prefix length, whose cable is in a port of a bridge elsewhere. */
export async function plugIn(
  computer: { readonly namespace: string; readonly card: string; readonly ipv4: string },
  into: { readonly namespace: string; readonly bridge: string; readonly port: string }
): Promise<void> {
  const { card, ipv4 } = computer
  const ip = (...args: string[]) => run(['ip', '-n', computer.namespace, ...args])
  await ip('link', 'add', card, 'type', 'veth', 'peer', 'name', into.port, 'netns', into.namespace)
  await run(['ip', '-n', into.namespace, 'link', 'set', into.port, 'master', into.bridge, 'up'])
  await ip('addr', 'add', ipv4, 'dev', card)
  await ip('link', 'set', card, 'up')
}

/** Ends every process of a namespace and removes it. Nothing of the suite runs outside its namespaces. */
export async function removeNamespace(namespace: string): Promise<void> {
  await endProcesses(namespace)
  await run(['ip', 'netns', 'delete', namespace])
}

/** Ends every process of a namespace at once (SIGKILL), each by its id. */
export async function endProcesses(namespace: string): Promise<void> {
  // One that ends by itself meanwhile is no error.
  const kill = 'ip netns pids "$0" | xargs --no-run-if-empty kill -KILL 2>/dev/null || true'
  await run(['sh', '-c', kill, namespace])
}
