import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { installsThenBootsItsDisk } from './lab/install.ts'
import { inLab } from './lab/lab.ts'
import { DEBIAN_NETBOOT } from './lab/site.ts'

test.serial(
  'BIOS with pxelinux instead of iPXE: installer with its role, then its disk',
  inLab(
    async (t, lab) => {
      const machine = await installsThenBootsItsDisk(t, lab, 'bios-pxe')
      t.regex(await machine.console(), /PXELINUX.*Booting from the disk/s)
      const log = await lab.tandem.log()
      t.regex(log, /RRQ \S*pxelinux\.cfg\/01-52-54-00-00-00-0a .*-> done/)
      t.notRegex(log, /"level":"warn"[^\n]*RRQ/, 'what it asks for by habit is nothing to worry about')
    },
    'authoritative',
    makePxelinux
  )
)

/** Debian's pxelinux in the place of the loader for BIOS, with the module that it needs. */
async function makePxelinux(loaders: string): Promise<void> {
  const netboot = join(DEBIAN_NETBOOT, 'debian-installer/amd64')
  await copyFile(join(netboot, 'pxelinux.0'), join(loaders, 'undionly.kpxe'))
  await copyFile(join(netboot, 'boot-screens/ldlinux.c32'), join(loaders, 'ldlinux.c32'))
}
