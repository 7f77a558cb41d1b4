import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { maskOf } from '../../../../src/net/ipv4.ts'
import { run } from '../../../e2e/lab/process.ts'
import { DEVICE } from '../../link.ts'
import type { Contender } from '../contender.ts'
import { LEASE_TIME, RELAY } from '../site.ts'

const MOST_LEASES = 1_000_000

/** It writes its whole file of leases anew for every ACK, and doesn't sync it. */
export const dnsmasq: Contender = {
  name: 'dnsmasq',
  version: async () => `dnsmasq ${/version (\S+)/.exec(await run(['dnsmasq', '--version']))?.[1]}`,
  async configure(folder, { subnet, pool, reservations }) {
    const hosts = join(folder, 'hosts')
    await writeFile(hosts, reservations.map(({ mac, address }) => `${mac},${address}\n`).join(''))
    const files = ['--conf-file=/dev/null', '--pid-file', `--dhcp-leasefile=${join(folder, 'leases')}`]
    const network = ['--port=0', `--interface=${DEVICE}`, '--bind-interfaces', '--user=root']
    const quick = ['--no-ping', '--quiet-dhcp', '--dhcp-authoritative', `--dhcp-lease-max=${MOST_LEASES}`]
    const options = [`--dhcp-option=option:router,${RELAY}`, `--dhcp-option=option:dns-server,${RELAY}`]
    const range = `--dhcp-range=${pool.from},${pool.to},${maskOf(subnet)},${LEASE_TIME}`
    return [
      'dnsmasq',
      '--keep-in-foreground',
      ...files,
      ...network,
      ...quick,
      ...options,
      range,
      `--dhcp-hostsfile=${hosts}`
    ]
  }
}
