import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { maskOf, networkAddress } from '../../../../src/net/ipv4.ts'
import { run } from '../../../e2e/lab/process.ts'
import { DEVICE } from '../../link.ts'
import { PEERS } from '../../peers.ts'
import type { Contender } from '../contender.ts'
import { LEASE_TIME, RELAY, type Site } from '../site.ts'

const PROGRAM = join(PEERS, 'usr/sbin/dhcpd')

export const isc: Contender = {
  name: 'ISC dhcpd',
  async version() {
    const told = await run(['sh', '-c', '"$0" --version 2>&1', PROGRAM])
    return told.trim().replace('isc-dhcpd-', 'ISC dhcpd ')
  },
  async configure(folder, site) {
    const [config, leases] = [join(folder, 'dhcpd.conf'), join(folder, 'dhcpd.leases')]
    await writeFile(config, configuration(site))
    await writeFile(leases, '')
    return [PROGRAM, '-4', '-f', '-q', '-cf', config, '-lf', leases, '--no-pid', DEVICE]
  }
}

/** Leases are synced; with `delayed-ack`, at the count that its manual proposes, one sync does for several. Its delay (µs) is the best of those tried. */
function configuration({ subnet, pool, reservations }: Site): string {
  const hosts = reservations.map(
    ({ mac, address }, index) => `host node-${index} { hardware ethernet ${mac}; fixed-address ${address}; }`
  )
  return `authoritative;
ddns-update-style none;
ping-check false;
delayed-ack 28;
max-ack-delay 1000;
default-lease-time ${LEASE_TIME};
max-lease-time ${LEASE_TIME};
subnet ${networkAddress(subnet)} netmask ${maskOf(subnet)} {
  range ${pool.from} ${pool.to};
  option routers ${RELAY};
  option domain-name-servers ${RELAY};
}
${hosts.join('\n')}
`
}
