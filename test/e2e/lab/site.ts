import { join } from 'node:path'
import type { Boot, Hardware } from './machine.ts'
import type { Tandem } from './tandem.ts'
import { makeTinyOs } from './tiny-os.ts'

/** What each scenario's inventory starts with: the lab's segments, those behind a relay, and a role. */
export const SITE = {
  subnets: ['10.77.0', '10.80.0', '10.78.0', '10.79.0'].map((prefix) => ({
    cidr: `${prefix}.0/24`,
    gateway: `${prefix}.1`,
    dns: ['10.77.0.1'],
    domain: 'lab.example',
    pools: [{ from: `${prefix}.100`, to: `${prefix}.199` }]
  })),
  roles: [{ name: 'openstack::compute' }]
}

/** Where Debian's package has its installer for the network. */
export const DEBIAN_NETBOOT = '/usr/lib/debian-installer/images/12/amd64/text'

/** The one machine of a scenario. */
export const NODE: Omit<Hardware, 'boot'> = {
  mac: '52:54:00:00:00:0a',
  uuid: '4c4c4544-0042-3510-8051-b4c04f4e4331',
  serial: 'SN-0042'
}

export function node(boot: Boot, disk: string): Hardware {
  return { ...NODE, boot, disk }
}

/** Imports the tiny operating system as the image `tiny`, as an administrator would a folder of Debian's installer. */
export async function importTinyOs(tandem: Tandem, folder: string): Promise<void> {
  const image = join(folder, 'tiny')
  await makeTinyOs(image)
  await tandem.cli('image', 'import', 'tiny', image)
}
