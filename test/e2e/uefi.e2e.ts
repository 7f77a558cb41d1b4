import test from 'ava'
import { installsThenBootsItsDisk } from './lab/install.ts'
import { inLab } from './lab/lab.ts'

test.serial(
  'UEFI PXE: its loader by TFTP, script, installer with its role, then its disk',
  inLab(async (t, lab) => {
    const machine = await installsThenBootsItsDisk(t, lab, 'uefi-pxe')
    t.regex(await machine.console(), /Start PXE over IPv4/)
    t.regex(await lab.tandem.log(), /RRQ \S+\.efi .*windowsize=4 -> OACK .*windowsize=4, /)
  })
)

test.serial(
  'UEFI HTTP Boot: its loader by HTTP, script, installer with its role, then its disk',
  inLab(async (t, lab) => {
    const machine = await installsThenBootsItsDisk(t, lab, 'uefi-http')
    t.regex(await machine.console(), /Start HTTP Boot over IPv4/)
  })
)
