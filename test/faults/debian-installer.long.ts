import test from 'ava'
import { driveOf, makeEmptyDisk } from '../e2e/lab/disk.ts'
import { onPair } from '../e2e/lab/pair.ts'
import { at } from '../e2e/lab/points.ts'
import { DEBIAN_NETBOOT, node, SITE } from '../e2e/lab/site.ts'
import { waitFor } from '../e2e/lab/wait.ts'

test(
  "Debian's own installer gets its preseed from the other instance when the one that its kernel came from is gone",
  onPair(async (t, lab) => {
    const { a, b, folder, network } = lab
    await a.apply(SITE)
    await a.cli('image', 'import', 'debian-12', DEBIAN_NETBOOT)
    const hardware = { ...node('bios-ipxe', driveOf(await makeEmptyDisk(folder, 'node-1'))), memory: 1024 }
    const choice = ['--role', 'openstack::compute', '--subnet', '10.77.0.0/24', '--image', 'debian-12']
    await a.cli('machine', 'add', 'node-1', '--mac', hardware.mac, ...choice, '--console', 'ttyS0')
    await a.cli('machine', 'install', 'node-1')
    await waitFor('the other instance has the files of the image', 120, async () => {
      const { files } = await b.json<{ files: { missing: number } }>('pair', 'status')
      return files.missing === 0
    })
    let gone: typeof a | undefined
    await at('during the kernel', network, (address) => {
      gone = [a, b].find((each) => each.address === address)
      gone?.signal('SIGKILL')
    })
    const machine = await lab.machine(hardware)
    await machine.powerOn()
    const left = () => (gone === a ? b : a)
    await waitFor('the early command reports', 800, async () => (await left().log()).includes('report fetched'))
    t.truthy(gone)
    t.like(await left().machine('node-1'), { attempts: [{ stage: 'fetched', mac: hardware.mac }] })
  })
)
