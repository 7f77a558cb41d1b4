import test from 'ava'
import { DISK_BOOTED, driveOf, makeDisk } from './lab/disk.ts'
import { inLab } from './lab/lab.ts'
import { NODE, node, SITE } from './lab/site.ts'
import type { MachineView } from './lab/tandem.ts'

test.serial(
  'a machine that nobody registered is listed as discovered, with its UUID and serial number, and boots its disk',
  inLab(async (t, lab) => {
    await lab.tandem.apply(SITE)
    const machine = await lab.machine(node('bios-ipxe', driveOf(await makeDisk(lab.folder))))
    await machine.powerOn()
    await machine.prints(DISK_BOOTED, 180)
    const machines = await lab.tandem.json<MachineView[]>('machine', 'list')
    t.like(machines, [{ state: 'discovered', facts: { uuid: NODE.uuid, serial: NODE.serial } }])
    t.is(machines[0]?.interfaces[0]?.mac, NODE.mac)
  })
)

test.serial(
  'under UEFI such a machine restarts once with the loader that comes back from a virtio card, and boots its disk',
  inLab(async (t, lab) => {
    await lab.tandem.apply(SITE)
    const machine = await lab.machine(node('uefi-pxe', driveOf(await makeDisk(lab.folder))))
    await machine.powerOn()
    await machine.off(180)
    await machine.powerOn()
    await machine.prints(DISK_BOOTED, 180)
    t.like(await lab.tandem.json<MachineView[]>('machine', 'list'), [{ state: 'discovered' }])
  })
)
