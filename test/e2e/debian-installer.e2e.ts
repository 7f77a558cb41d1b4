import test from 'ava'
import { driveOf, makeEmptyDisk } from './lab/disk.ts'
import { inLab } from './lab/lab.ts'
import { DEBIAN_NETBOOT, node, SITE } from './lab/site.ts'
import { waitFor } from './lab/wait.ts'

test(
  "Debian's own installer takes its preseed, and the preseed's early command reports",
  inLab(async (t, lab) => {
    const { tandem } = lab
    await tandem.apply(SITE)
    await tandem.cli('image', 'import', 'debian-12', DEBIAN_NETBOOT)
    const hardware = { ...node('bios-ipxe', driveOf(await makeEmptyDisk(lab.folder, 'node-1'))), memory: 1024 }
    const image = ['--image', 'debian-12', '--console', 'ttyS0']
    const choice = ['--role', 'openstack::compute', '--subnet', '10.77.0.0/24', ...image]
    await tandem.cli('machine', 'add', 'node-1', '--mac', hardware.mac, ...choice)
    await tandem.cli('machine', 'install', 'node-1')

    const machine = await lab.machine(hardware)
    await machine.powerOn()
    // The log, because asking the command line again and again would take a processor from the machine.
    await waitFor('the early command reports', 800, async () => (await tandem.log()).includes('report fetched'))
    t.like(await tandem.machine('node-1'), { attempts: [{ stage: 'fetched', mac: hardware.mac }] })
  })
)
