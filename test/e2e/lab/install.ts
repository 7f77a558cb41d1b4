import type { ExecutionContext } from 'ava'
import { DISK_BOOTED, driveOf, makeEmptyDisk } from './disk.ts'
import type { Lab } from './lab.ts'
import type { Boot } from './machine.ts'
import type { Network } from './network.ts'
import { importTinyOs, node, SITE } from './site.ts'

export type Variant = {
  /** How it goes from iPXE to its disk. */
  localBoot?: 'exit' | 'sanboot'
  /** What it is sent as a UEFI machine. */
  loader?: 'ipxe' | 'grub'
  /** The segment it is on, and the subnet of that; by default Tandem's own. */
  network?: Network
  subnet?: string
}

/**
 * The whole cycle of one machine: registered, installed with its role, and from then on started from its disk, though
 * its firmware still asks the network first.
 */
export async function installsThenBootsItsDisk(t: ExecutionContext, lab: Lab, boot: Boot, variant: Variant = {}) {
  const { tandem, folder } = lab
  const hardware = node(boot, driveOf(await makeEmptyDisk(folder, boot)))
  await tandem.apply(SITE)
  await importTinyOs(tandem, folder)
  const { localBoot = 'exit', loader, network = lab.network, subnet = '10.77.0.0/24' } = variant
  const choice = ['--role', 'openstack::compute', '--image', 'tiny', '--subnet', subnet]
  await tandem.cli('machine', 'add', 'node-1', '--mac', hardware.mac, ...choice)
  if (localBoot !== 'exit') await tandem.cli('machine', 'set', 'node-1', '--local-boot', localBoot)
  if (loader !== undefined) await tandem.cli('machine', 'set', 'node-1', '--loader', loader)
  await tandem.cli('machine', 'install', 'node-1')
  t.is((await tandem.machine('node-1')).state, 'install requested')

  const machine = await lab.machine(hardware, network)
  const started = performance.now()
  await machine.powerOn()
  await machine.off(240)
  t.log(`installed ${((performance.now() - started) / 1000).toFixed(1)} s after power-on`)
  t.is((await tandem.machine('node-1')).state, 'installed')
  const installer = await machine.console()
  t.regex(installer, /TINY-OS role: openstack::compute/, 'the role is in the install file')
  t.true(
    (await tandem.events()).some(({ message }) => message.includes('role=openstack::compute')),
    'what the machine reports arrives'
  )
  t.regex(installer, /preseed after installed: .*HTTP\/1.1 4\d\d/, 'the token is void once installed')

  await machine.powerOn()
  await machine.prints(DISK_BOOTED, 180)
  t.notRegex(await machine.console(), /TINY-OS|\/linux/, 'no installer is served again')
  t.is((await tandem.machine('node-1')).state, 'installed')
  return machine
}
