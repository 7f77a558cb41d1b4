import { join } from 'node:path'
import test from 'ava'
import { DISK_BOOTED, makeSignedDisk } from './lab/disk.ts'
import { installsThenBootsItsDisk } from './lab/install.ts'
import { inLab } from './lab/lab.ts'
import { DEBIAN_NETBOOT, NODE, node, SITE } from './lab/site.ts'
import { waitFor } from './lab/wait.ts'

type Explanation = { loader: { file: string | null; reasons: string[] } }

test.serial(
  "Secure Boot: a firmware that refuses iPXE gets Debian's signed chain at its third power-on, down to the installer",
  inLab(async (t, lab) => {
    const { tandem } = lab
    await tandem.apply(SITE)
    await tandem.cli('image', 'import', 'debian-12', DEBIAN_NETBOOT)
    const image = ['--image', 'debian-12', '--console', 'ttyS0']
    const choice = ['--role', 'openstack::compute', '--subnet', '10.77.0.0/24', ...image]
    await tandem.cli('machine', 'add', 'node-1', '--mac', NODE.mac, ...choice)
    await tandem.cli('machine', 'install', 'node-1')
    const loader = async () => (await tandem.json<Explanation>('explain', 'node-1', '--firmware', 'uefi-x64')).loader
    t.deepEqual(await loader(), { file: 'ipxe.efi', reasons: [] })

    const machine = await lab.machine({ ...NODE, boot: 'uefi-secure', memory: 1024 })
    for (const time of [1, 2]) {
      await machine.powerOn()
      await machine.prints('Access Denied', 240)
      t.log(`refused iPXE: ${time}`)
      await machine.powerOff()
    }
    const { file, reasons } = await loader()
    t.is(file, 'grub/shimx64.efi')
    t.regex(reasons.join('; '), /took all of iPXE twice and never came back as iPXE: Secure Boot is on/)

    const started = performance.now()
    await machine.powerOn()
    await waitFor('the early command reports', 420, async () => (await tandem.log()).includes('report fetched'))
    t.log(`the installer reported ${((performance.now() - started) / 1000).toFixed(1)} s after power-on`)
    t.regex(await machine.console(), /secureboot: Secure boot enabled/)
    t.like(await tandem.machine('node-1'), { attempts: [{ stage: 'fetched', mac: NODE.mac }] })
    const log = await tandem.log()
    for (const asked of ['grub/shimx64.efi', 'grubx64.efi', 'grub.cfg', 'linux', 'initrd.gz'])
      t.regex(log, new RegExp(`RRQ \\S*${asked} .*-> done`), asked)
    t.notRegex(log, /"level":"warn"[^\n]*RRQ/, 'what shim and GRUB ask for by habit is nothing to worry about')
  })
)

test.serial(
  'Secure Boot: an installed machine goes through the signed GRUB to the signed program on its disk',
  inLab(async (t, lab) => {
    const { tandem } = lab
    await tandem.apply(SITE)
    await tandem.cli('machine', 'add', 'node-1', '--mac', NODE.mac, '--subnet', '10.77.0.0/24', '--loader', 'grub')
    const disk = await makeSignedDisk(lab.folder, join(DEBIAN_NETBOOT, 'debian-installer/amd64'))
    const machine = await lab.machine({ ...node('uefi-secure', disk), memory: 1024 })
    await machine.powerOn()
    await machine.prints(DISK_BOOTED, 240)
    t.regex(await machine.console(), /no install was requested.*Booting from the disk/s)
  })
)

test.serial(
  'UEFI PXE with GRUB instead of iPXE: installer with its role, then its disk',
  inLab(async (t, lab) => {
    const machine = await installsThenBootsItsDisk(t, lab, 'uefi-pxe', { loader: 'grub' })
    t.regex(await machine.console(), /Booting from the disk/)
  })
)
