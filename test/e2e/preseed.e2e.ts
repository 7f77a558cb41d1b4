import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import test from 'ava'
import { inLab } from './lab/lab.ts'
import { DEBIAN_NETBOOT } from './lab/site.ts'

const EXAMPLE = resolve(import.meta.dirname, '../../examples/site.yaml')

test(
  'debconf takes the preseed of every role of the example site',
  inLab(async (t, lab) => {
    const { tandem, network, folder } = lab
    await tandem.cli('apply', '-f', EXAMPLE)
    await tandem.cli('image', 'import', 'debian-12', DEBIAN_NETBOOT)
    const [subnet] = await tandem.json<{ cidr: string }[]>('subnet', 'list')
    const roles = await tandem.json<{ name: string }[]>('role', 'list')
    const machines = roles.map((role, index) => ({
      name: `machine-${index}`,
      role: role.name,
      image: 'debian-12',
      interfaces: [{ mac: `52:54:00:00:01:${index.toString(16).padStart(2, '0')}`, subnet: subnet?.cidr }]
    }))
    await tandem.apply({ machines })

    t.true(machines.length > 1)
    for (const { name, role } of machines) {
      const file = join(folder, name)
      await writeFile(file, await tandem.cli('render', name, 'preseed'))
      t.is(await network.run(['sh', '-c', 'debconf-set-selections --checkonly "$0" 2>&1', file]), '', role)
    }
  })
)
