import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { maskOf } from '../../../../src/net/ipv4.ts'
import type { Contender } from '../contender.ts'
import { LEASE_TIME, RELAY, SERVER } from '../site.ts'

/** Its leases are in memory only. */
export const npmDhcp: Contender = {
  name: 'npm dhcp',
  async version() {
    const manifest = createRequire(import.meta.url).resolve('dhcp/package.json')
    return `npm dhcp ${(JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version}`
  },
  async configure(folder, { subnet, pool }) {
    const config = join(folder, 'dhcp.json')
    const options = { netmask: maskOf(subnet), router: [RELAY], dns: [RELAY], leaseTime: LEASE_TIME }
    const range = [pool.from, pool.to]
    await writeFile(config, JSON.stringify({ ...options, range, randomIP: false, broadcast: RELAY, server: SERVER }))
    return [process.execPath, join(import.meta.dirname, 'npm-dhcp-server.ts'), config]
  }
}
