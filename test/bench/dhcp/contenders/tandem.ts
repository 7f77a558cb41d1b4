import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { run } from '../../../e2e/lab/process.ts'
import { waitFor } from '../../../e2e/lab/wait.ts'
import { TANDEM } from '../../figures.ts'
import { DEVICE, type Host } from '../../link.ts'
import type { Contender } from '../contender.ts'
import { LEASE_TIME, RELAY, SERVER, type Site } from '../site.ts'

export const PROGRAM = resolve(import.meta.dirname, '../../../../bin/tandem')

/** As it is installed: leases durable before every ACK, its usual log. */
export const tandem: Contender = {
  name: TANDEM,
  version: tandemVersion,
  /** The inventory is applied as an administrator would. */
  async prepare(folder, site, host) {
    const inventory = join(folder, 'site.yaml')
    // JSON is YAML.
    await writeFile(inventory, JSON.stringify(inventoryOf(site)))
    const daemon = await host.start(await tandem.configure(folder, site), join(folder, 'prepare.log'))
    try {
      await waitFor('tandem answers its command line', 30, () => answersCommands(folder, host))
      await host.run([PROGRAM, '--state', join(folder, 'state'), 'apply', '-f', inventory])
    } finally {
      await daemon.stop()
    }
  },
  async configure(folder) {
    const config = join(folder, 'tandem.yaml')
    await mkdir(join(folder, 'state'), { recursive: true })
    await writeFile(config, `state: state\nprovisioning:\n  interfaces: [{ name: ${DEVICE}, address: ${SERVER} }]\n`)
    return [PROGRAM, 'serve', '--config', config]
  }
}

export async function tandemVersion(): Promise<string> {
  return `Tandem ${(await run([PROGRAM, '--version'])).trim()} (Node ${process.version.slice(1)})`
}

function answersCommands(folder: string, host: Host): Promise<boolean> {
  return host.run([PROGRAM, '--state', join(folder, 'state'), 'subnet', 'list']).then(
    () => true,
    () => false
  )
}

export function inventoryOf({ subnet, pool, reservations }: Site): object {
  return {
    subnets: [{ cidr: subnet, gateway: RELAY, dns: [RELAY], pools: [pool], lease: LEASE_TIME }],
    machines: reservations.map(({ mac, address }, index) => ({
      name: `node-${index}`,
      interfaces: [{ mac, ipv4: address }]
    }))
  }
}
