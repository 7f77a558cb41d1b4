import type { ExecutionContext } from 'ava'
import { DISK_BOOTED, makeBiosDisk, makeUefiDisk } from './disk.ts'
import type { Lab } from './lab.ts'
import type { Boot } from './machine.ts'
import type { Network } from './network.ts'
import { importTinyOs, node, SITE } from './site.ts'

export type Variant = {
  /** How it goes from iPXE to its disk. */
  localBoot?: 'exit' | 'sanboot'
  /** The segment it is on; by default Tandem's own. */
  network?: Network
}

/**
 * The whole cycle of one machine: registered, installed with its role, and from then on started from its disk, though
 * its firmware still asks the network first.
 */
export async function installsThenBootsItsDisk(t: ExecutionContext, lab: Lab, boot: Boot, variant: Variant = {}) {
  const { tandem, folder } = lab
  const disk = boot.startsWith('uefi') ? await makeUefiDisk(folder) : await makeBiosDisk(folder)
  const hardware = node(boot, disk)
  await tandem.apply(SITE)
  await importTinyOs(tandem, folder)
  const { localBoot = 'exit', network = lab.network } = variant
  await tandem.cli('machine', 'add', 'node-1', '--mac', hardware.mac, '--role', 'openstack::compute', '--image', 'tiny')
  if (localBoot !== 'exit') await tandem.cli('machine', 'set', 'node-1', `localBoot=${localBoot}`)
  await tandem.cli('machine', 'install', 'node-1')
  t.is((await tandem.machine('node-1')).state, 'install requested')

  const machine = await lab.machine(hardware, network)
  const started = performance.now()
  await machine.powerOn()
  await tandem.reaches('node-1', 'installed', 90)
  t.log(`installed ${((performance.now() - started) / 1000).toFixed(1)} s after power-on`)
  await machine.off(20)
  const installer = await machine.console()
  t.regex(installer, /TINY-OS role: openstack::compute/, 'the role is in the install file')
  t.true(
    (await tandem.events()).some(({ message }) => message.includes('role=openstack::compute')),
    'what the machine reports arrives'
  )
  t.regex(installer, /after installed: .*HTTP\/1.1 4\d\d/, 'the token is void once installed')

  await machine.powerOn()
  await machine.prints(DISK_BOOTED, 60)
  t.notRegex(await machine.console(), /TINY-OS|\/linux/, 'no installer is served again')
  t.is((await tandem.machine('node-1')).state, 'installed')
  return machine
}
