import test from 'ava'
import { installsThenBootsItsDisk } from './lab/install.ts'
import { inLab } from './lab/lab.ts'

test.serial(
  'BIOS with iPXE in its ROM: script, installer with its role, then its disk by exit',
  inLab(async (t, lab) => {
    await installsThenBootsItsDisk(t, lab, 'bios-ipxe')
  })
)

test.serial(
  'BIOS with plain PXE: undionly.kpxe by TFTP, script, installer with its role, then its disk by sanboot',
  inLab(async (t, lab) => {
    const machine = await installsThenBootsItsDisk(t, lab, 'bios-pxe', { localBoot: 'sanboot' })
    t.regex(await machine.console(), /tftp:.*undionly\.kpxe\.\.\. ok/)
  })
)
