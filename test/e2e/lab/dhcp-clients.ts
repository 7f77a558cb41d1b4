import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Host } from './host.ts'
import type { Lab } from './lab.ts'
import type { Network } from './network.ts'
import type { Running } from './process.ts'
import { CACHE } from './tiny-os.ts'
import { waitFor } from './wait.ts'

/** A lease as the client understood it. */
export type ClientLease = {
  address: string
  mask: string
  router: string
  dns: string
  domain: string
  server: string
  /** In seconds. */
  time: string
}

/** A DHCP client as Debian packages it. */
export type DhcpClient = {
  readonly name: string
  /** Whether it asks for the lease that it remembers by a REQUEST (INIT-REBOOT); else by a DISCOVER. */
  readonly reboots: boolean
  /** What becomes of that lease when the client ends. */
  readonly remembers: 'on disk' | 'while it runs'
  start(host: Host): Promise<Running>
  /** Makes it renew its lease at once; one without this renews at T1. */
  renew?(host: Host, running: Running): Promise<unknown>
  /** Makes it give its lease back. */
  release(host: Host, running: Running): Promise<unknown>
  /** The lease it was granted last; undefined when there was none. */
  lease(host: Host): Promise<ClientLease | undefined>
}

const HOOK = join(import.meta.dirname, 'lease-hook')
const DHCLIENT = [
  ...[join(CACHE, 'dhclient/sbin/dhclient'), '-4', '-cf', join(CACHE, 'dhclient/etc/dhcp/dhclient.conf'), '-sf', HOOK],
  ...['-lf', '/var/lib/dhclient.leases', '-pf', '/run/dhclient.pid']
]
const DHCPCD = [join(CACHE, 'dhcpcd/usr/sbin/dhcpcd'), '-4', '-f', join(CACHE, 'dhcpcd/etc/dhcpcd.conf')]

const NETWORKD = `[Match]
Name=eth0
[Network]
DHCP=ipv4
IPv6AcceptRA=no
`

export const dhclient: DhcpClient = {
  name: 'dhclient',
  reboots: true,
  remembers: 'on disk',
  start: (host) => host.start([...DHCLIENT, '-d', 'eth0']),
  release: (host) => host.execute([...DHCLIENT, '-r', 'eth0']),
  lease: (host) =>
    leaseIn(readFile(join(host.run, 'told'), 'utf8'), {
      address: 'new_ip_address',
      mask: 'new_subnet_mask',
      router: 'new_routers',
      dns: 'new_domain_name_servers',
      domain: 'new_domain_name',
      server: 'new_dhcp_server_identifier',
      time: 'new_dhcp_lease_time'
    })
}

export const udhcpc: DhcpClient = {
  name: 'udhcpc',
  reboots: false,
  remembers: 'on disk',
  async start(host) {
    const old = (await udhcpc.lease(host))?.address
    return host.start(['busybox', 'udhcpc', '-f', '-a', '-i', 'eth0', '-s', HOOK, ...(old ? ['-r', old] : [])])
  },
  renew: async (_host, { pid }) => process.kill(pid, 'SIGUSR1'),
  release: async (_host, { pid }) => process.kill(pid, 'SIGUSR2'),
  lease: (host) =>
    leaseIn(readFile(join(host.run, 'told'), 'utf8'), {
      address: 'ip',
      mask: 'subnet',
      router: 'router',
      dns: 'dns',
      domain: 'domain',
      server: 'serverid',
      time: 'lease'
    })
}

export const dhcpcd: DhcpClient = {
  name: 'dhcpcd',
  reboots: true,
  remembers: 'on disk',
  // It gives the card its address without a script's help.
  start: (host) => host.start([...DHCPCD, '-B', '-d', '-c', '/bin/true', 'eth0']),
  renew: (host) => host.execute([...DHCPCD, '-N', 'eth0']),
  release: (host) => host.execute([...DHCPCD, '-k', 'eth0']),
  lease: (host) =>
    leaseIn(host.execute([...DHCPCD, '-U', 'eth0']), {
      address: 'ip_address',
      mask: 'subnet_mask',
      router: 'routers',
      dns: 'domain_name_servers',
      domain: 'domain_name',
      server: 'dhcp_server_identifier',
      time: 'dhcp_lease_time'
    })
}

export const networkd: DhcpClient = {
  name: 'systemd-networkd',
  reboots: true,
  remembers: 'while it runs',
  async start(host) {
    const folder = join(host.run, 'systemd/network')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, '00-eth0.network'), NETWORKD)
    return host.start(['env', 'SYSTEMD_LOG_LEVEL=debug', '/lib/systemd/systemd-networkd'])
  },
  // Its end is what makes it release.
  release: (_host, running) => running.stop(),
  lease: (host) =>
    leaseIn(host.execute(['sh', '-c', 'cat /run/systemd/netif/leases/*']), {
      address: 'ADDRESS',
      mask: 'NETMASK',
      router: 'ROUTER',
      dns: 'DNS',
      domain: 'DOMAINNAME',
      server: 'SERVER_ADDRESS',
      time: 'LIFETIME'
    })
}

export const ALL_CLIENTS = [dhclient, udhcpc, dhcpcd, networkd] as const

/** Has dhcpcd ask for what goes with an address that the host has already. */
export function inform(host: Host, address: string): Promise<Running> {
  return host.start([...DHCPCD, '-B', '-d', '-c', '/bin/true', `--inform=${address}`, 'eth0'])
}

/** Reads `NAME=value` lines, with the client's names for what a lease has. */
async function leaseIn(lines: Promise<string>, names: ClientLease): Promise<ClientLease | undefined> {
  const text = await lines.catch(() => undefined)
  if (text === undefined) return undefined
  const values = new Map(
    text.split('\n').map((line) => {
      const [name, value] = line.split('=', 2)
      return [name, value] as const
    })
  )
  const lease = Object.entries(names).map(([field, name]) => [field, values.get(name) ?? ''])
  return Object.fromEntries(lease) as ClientLease
}

/** Has a client come back on a segment, the same or another, with what it remembers. */
export async function comeBack(client: DhcpClient, host: Host, running: Running, network: Network): Promise<Running> {
  if (client.remembers === 'on disk') await host.cutPower()
  await host.plug(network)
  return client.remembers === 'on disk' ? client.start(host) : running
}

/** Runs a scenario with several clients at the same time, each on a host of its own; tells of each that fails. */
export async function withClients(
  t: ExecutionContext,
  lab: Lab,
  clients: readonly DhcpClient[],
  scenario: (client: DhcpClient, host: Host) => Promise<void>
): Promise<void> {
  const runs = clients.map(async (client, index) => {
    const host = await lab.host(`52:54:00:00:01:0${index}`)
    await scenario(client, host).catch((error: Error) => {
      t.log(`${client.name} on ${host.mac}: ${error.message}`)
      throw error
    })
  })
  const failure = (await Promise.allSettled(runs)).find(({ status }) => status === 'rejected')
  if (failure?.status === 'rejected') throw failure.reason
}

/** Waits until a client has given its card an address of a network, `10.77.0`, and gives the lease. */
export async function bound(client: DhcpClient, host: Host, prefix: string): Promise<ClientLease> {
  return waitFor(`${client.name} has an address of ${prefix}.0/24`, 30, async () => {
    const lease = await client.lease(host)
    const own = await host.addresses()
    return lease?.address.startsWith(`${prefix}.`) && own.includes(`${lease.address}/24`) ? lease : undefined
  })
}
