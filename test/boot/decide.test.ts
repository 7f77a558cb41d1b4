import test from 'ava'
import { type Action, decide, type Situation } from '../../src/boot/decide.ts'
import { advance, DISCOVERED, type Life, nextGeneration, REGISTERED } from '../../src/inventory/lifecycle.ts'
import { FIRMWARE_NAMES } from '../../src/net/firmware.ts'
import { image, machine, role, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const FILE = { name: 'linux', sha256: 'a'.repeat(64), size: 1 }
const IMAGE = { ...image('debian-12'), kernel: FILE, initrd: { ...FILE, name: 'initrd.gz' } }
const install = nextGeneration(REGISTERED, 'install', 'a-1')

const NOBODY: Situation = { mac: mac(1), firmware: 'ipxe', link: ip('10.77.0.1'), offered: 0, offerLimit: 2 }
const db1 = (life: Life, more: Partial<Situation> = {}): Situation => ({
  ...NOBODY,
  subnet: subnet(),
  machine: { ...machine('db-1', 1), role: 'db', life },
  role: { ...role('db'), image: 'debian-12' },
  image: IMAGE,
  ...more
})

const WHO = '52:54:00:00:00:01 is db-1'
const UNKNOWN = 'no machine is registered with 52:54:00:00:00:01'
const REQUESTED = 'install generation 1-a-1 was requested'

const table: [when: string, situation: Situation, action: Action, reasons: string[]][] = [
  ['unknown, in no subnet', NOBODY, 'ignore', [UNKNOWN, 'no subnet holds 10.77.0.1']],
  [
    'unknown, from nowhere',
    { ...NOBODY, link: undefined },
    'ignore',
    [UNKNOWN, 'no subnet holds the address it asks from']
  ],
  [
    'unknown, in a subnet without a pool',
    { ...NOBODY, subnet: subnet({ pools: [] }) },
    'ignore',
    [UNKNOWN, 'subnet 10.77.0.0/24 has no pool for unknown machines']
  ],
  [
    'unknown, in a subnet with a pool',
    { ...NOBODY, subnet: subnet(), pooled: subnet() },
    'discover',
    [UNKNOWN, 'subnet 10.77.0.0/24 has a pool: it is asked what it is, then boots from its disk']
  ],
  [
    'unknown, where another subnet of the shared network has a pool',
    { ...NOBODY, subnet: subnet({ cidr: '10.78.0.0/24', gateway: '10.78.0.1', pools: [] }), pooled: subnet() },
    'discover',
    [UNKNOWN, 'subnet 10.77.0.0/24 has a pool: it is asked what it is, then boots from its disk']
  ],
  [
    'discovered',
    db1(DISCOVERED),
    'discover',
    [
      `${WHO}, discovered but not registered`,
      'it tells what it is, then boots from its disk: register it with `tandem machine add`'
    ]
  ],
  ['registered', db1(REGISTERED), 'local', [WHO, 'no install was requested: `tandem machine install db-1` does']],
  [
    'cancelled',
    db1(nextGeneration(install, 'local', 'a-1')),
    'local',
    [WHO, 'its install was cancelled (generation 2-a-1)']
  ],
  [
    'retired',
    db1(nextGeneration(install, 'retire', 'a-1')),
    'local',
    [WHO, 'it was retired (generation 2-a-1): it is never installed again']
  ],
  [
    'install requested',
    db1(install),
    'install',
    [WHO, REQUESTED, 'image debian-12, of role db', 'role db', 'not yet reported installed']
  ],
  [
    'install requested, with an image of its own and no role',
    db1(install, { machine: { ...machine('db-1', 1), image: 'debian-12', life: install }, role: undefined }),
    'install',
    [WHO, REQUESTED, 'image debian-12', 'no role', 'not yet reported installed']
  ],
  [
    'installing, powered on again',
    db1(advance(install, 'installing'), { offered: 1 }),
    'install',
    [
      WHO,
      REQUESTED,
      'image debian-12, of role db',
      'role db',
      'not yet reported installed; offered in 1 earlier power-on of 2'
    ]
  ],
  [
    'install requested, offered as often as may be',
    db1(install, { offered: 2 }),
    'wait',
    [
      WHO,
      REQUESTED,
      'the installer was offered in 2 power-ons and never reported installed: request a new install with `tandem machine install db-1`'
    ]
  ],
  [
    'install requested, without an image',
    db1(install, { image: undefined }),
    'wait',
    [WHO, REQUESTED, 'neither the machine nor its role names an image: `tandem machine set db-1 --image IMAGE`']
  ],
  [
    'install requested, the image has no files',
    db1(install, { image: image('debian-12') }),
    'wait',
    [WHO, REQUESTED, 'image debian-12 has no files yet: `tandem image import debian-12 DIR`']
  ],
  [
    'install requested, a file is not there',
    db1(install, { missingFile: 'initrd.gz' }),
    'wait',
    [WHO, REQUESTED, 'initrd.gz of image debian-12 is not in the file store: import the image again']
  ],
  [
    'failed',
    db1(advance(install, 'failed')),
    'wait',
    [
      WHO,
      REQUESTED,
      'the installer reported that it failed: look at `tandem events --machine db-1`, then request a new install'
    ]
  ],
  [
    'installed',
    db1(advance(install, 'installed')),
    'local',
    [WHO, REQUESTED, 'it reported installed: it boots from its disk']
  ],
  [
    'installed, and all else is missing',
    db1(advance(install, 'installed'), { image: undefined, missingFile: 'linux', offered: 9 }),
    'local',
    [WHO, REQUESTED, 'it reported installed: it boots from its disk']
  ]
]

for (const [when, situation, action, reasons] of table) {
  test(`${when}: ${action}`, (t) => t.deepEqual(decide(situation), { action, reasons }))
}

test('the decision is the same for every firmware', (t) => {
  for (const [, situation, action] of table) {
    for (const firmware of FIRMWARE_NAMES) t.is(decide({ ...situation, firmware }).action, action)
  }
})
