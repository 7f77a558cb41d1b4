import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ipv4 } from '../../../../src/net/ipv4.ts'
import { run } from '../../../e2e/lab/process.ts'
import { DEVICE } from '../../link.ts'
import { PEERS } from '../../peers.ts'
import type { Contender } from '../contender.ts'
import { LEASE_TIME, RELAY, SERVER, type Site } from '../site.ts'

const PROGRAM = join(PEERS, 'usr/sbin/kea-dhcp4')

/** Kea's libraries are in the same folder; without these settings it looks for its files in the installed places. */
function kea(program: string, folder: string): string[] {
  const libraries = `LD_LIBRARY_PATH=${join(PEERS, 'usr/lib/x86_64-linux-gnu')}`
  const settings = [`KEA_PIDFILE_DIR=${folder}`, 'KEA_LOCKFILE_DIR=none']
  return ['env', libraries, ...settings, `KEA_LFC_EXECUTABLE=${join(PEERS, 'usr/sbin/kea-lfc')}`, program]
}

/** Kea's own load generator. */
export const perfdhcp = kea(join(PEERS, 'usr/sbin/perfdhcp'), '/nonexistent')

/** With one thread. */
export const keaSingle: Contender = contender('Kea', { 'enable-multi-threading': false })

/** As many threads as its manual proposes for this kind of leases, and room in the queue for a thousand clients at once. */
export const THREADS = { 'enable-multi-threading': true, 'thread-pool-size': 4, 'packet-queue-size': 1024 }

export const keaMulti: Contender = contender('Kea multi-threaded', THREADS)

export async function keaVersion(): Promise<string> {
  return `Kea ${(await run([...kea(PROGRAM, '/nonexistent'), '-v'])).trim()}`
}

function contender(name: string, threads: Record<string, unknown>): Contender {
  return {
    name,
    version: keaVersion,
    configure: (folder, site) => configured(folder, configuration(folder, site, threads, SERVER))
  }
}

/** Writes a configuration into a folder. @returns the command that serves it. */
export async function configured(folder: string, configuration: object): Promise<readonly string[]> {
  const config = join(folder, 'kea-dhcp4.conf')
  await writeFile(config, JSON.stringify({ Dhcp4: configuration }))
  return [...kea(PROGRAM, folder), '-c', config]
}

/**
 * Its leases are written to a file, which is never synced. What costs time and isn't needed is off:
 * a regular expression over each host name, look-ups of reservations by other identifiers and within the pool.
 */
export function configuration(folder: string, site: Site, threads: Record<string, unknown>, server: Ipv4): object {
  return {
    'interfaces-config': { interfaces: [`${DEVICE}/${server}`] },
    'multi-threading': threads,
    'lease-database': { type: 'memfile', persist: true, name: join(folder, 'leases.csv') },
    'valid-lifetime': LEASE_TIME,
    'hostname-char-set': '',
    'ddns-send-updates': false,
    'host-reservation-identifiers': ['hw-address'],
    'reservations-in-subnet': site.reservations.length > 0,
    'reservations-out-of-pool': site.reservations.length > 0,
    loggers: [{ name: 'kea-dhcp4', severity: 'WARN', output_options: [{ output: 'stdout' }] }],
    subnet4: [
      {
        id: 1,
        subnet: site.subnet,
        pools: [{ pool: `${site.pool.from}-${site.pool.to}` }],
        'option-data': [
          { name: 'routers', data: RELAY },
          { name: 'domain-name-servers', data: RELAY }
        ],
        reservations: site.reservations.map(({ mac, address }) => ({ 'hw-address': mac, 'ip-address': address }))
      }
    ]
  }
}
