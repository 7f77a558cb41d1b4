import test, { type ExecutionContext } from 'ava'
import { inLab, type Lab } from './lab/lab.ts'
import type { Boot } from './lab/machine.ts'
import { losePackets, lostPackets } from './lab/packet-loss.ts'
import { NODE, SITE } from './lab/site.ts'
import type { MachineView } from './lab/tandem.ts'
import { waitFor } from './lab/wait.ts'

test.serial(
  'UEFI PXE gets its loader, in windows of 4, over a network that loses packets',
  inLab(async (t, lab) => {
    await loadsOverBadNetwork(t, lab, 'uefi-pxe')
    t.regex(await lab.tandem.log(), /RRQ \S+\.efi .*windowsize=4 -> OACK .*windowsize=4, /)
  })
)

test.serial(
  'BIOS PXE gets its loader, block by block, over a network that loses packets',
  inLab(async (t, lab) => {
    await loadsOverBadNetwork(t, lab, 'bios-pxe')
    t.regex(await lab.tandem.log(), /RRQ undionly\.kpxe .* -> OACK /)
  })
)

/** The serial number is the loader's to tell: DHCP has no option for it. So the loader arrived whole, and runs. */
async function loadsOverBadNetwork(t: ExecutionContext, lab: Lab, boot: Boot): Promise<void> {
  const { network, tandem } = lab
  await tandem.apply(SITE)
  await losePackets(network)
  const machine = await lab.machine({ ...NODE, boot })
  await machine.powerOn()
  await waitFor('the machine tells its serial number', 240, async () => {
    const [found] = await tandem.json<MachineView[]>('machine', 'list')
    return found?.facts.serial === NODE.serial
  })
  const lost = await lostPackets(network)
  t.log(lost)
  t.true(lost.from > 0 && lost.to > 0)
}
