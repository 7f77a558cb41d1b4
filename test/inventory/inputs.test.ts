import test from 'ava'
import {
  ClassInput,
  GlobalInput,
  ImageInput,
  MachineInput,
  RoleInput,
  SubnetInput
} from '../../src/inventory/inputs.ts'
import { fieldOf, Validator } from '../../src/net/validation.ts'

const FILE = { name: 'linux', sha256: 'a'.repeat(64), size: 1 }
const MACHINE = { name: 'db-1', interfaces: [{ mac: '52:54:00:00:00:0a' }] }
const IMAGE = { name: 'debian-12', family: 'debian', release: 'bookworm', architecture: 'amd64' }
const SUBNET = { cidr: '10.77.0.0/24' }
const ROLE = { name: 'openstack::nova::api' }
const CLASS = { name: 'pxe', match: { userClass: 'iPXE' } }
const validator = new Validator()

const fine: [what: string, schema: object, value: object][] = [
  ['a machine of two lines', MachineInput, MACHINE],
  [
    'a machine with everything',
    MachineInput,
    {
      ...MACHINE,
      ...{ role: 'db', image: 'debian-12', uuid: 'any text', serial: 'S', disk: '/dev/disk/by-id/ata-X_1:2' },
      ...{ localBoot: 'sanboot', loader: 'grub', console: 'ttyS0,115200n8', kernelArguments: ['a=b', 'quiet'] },
      ...{ labels: { 'rack/row': 'b 7' }, vars: { ssh_keys: ['x'], _a1: { deep: [null] } } }
    }
  ],
  ['a role', RoleInput, ROLE],
  ['an image without files', ImageInput, IMAGE],
  ['an image', ImageInput, { ...IMAGE, kernel: FILE, initrd: FILE }],
  ['a subnet', SubnetInput, { ...SUBNET, pools: [], lease: 120, vlan: 4094, domain: 'rack1.example.org' }],
  [
    'a subnet of a shared network with options',
    SubnetInput,
    {
      ...SUBNET,
      ...{ sharedNetwork: 'lab-1', authoritative: false, options: { routers: null, 224: '0x01' } },
      pools: [{ from: '10.77.0.1', to: '10.77.0.2', options: { 'interface-mtu': 9000 } }]
    }
  ],
  ['a class of one condition', ClassInput, { ...CLASS, match: { mac: '52:54:00' } }],
  [
    'a class of all conditions',
    ClassInput,
    {
      ...CLASS,
      match: {
        ...{ firmware: ['bios'], architecture: [0, 65535], vendorClass: 'PXEClient', userClass: 'iPXE' },
        ...{ relay: '10.88.0.1', mac: '52' }
      },
      options: { routers: '10.77.0.1' },
      note: 'n'
    }
  ],
  ['global settings', GlobalInput, { options: { 'domain-search': ['lab.org'] }, vars: { locale: 'C' } }],
  ['global settings that say nothing', GlobalInput, {}]
]

for (const [what, schema, value] of fine) {
  test(`is of the right shape: ${what}`, (t) => t.deepEqual(validator.check(schema, value), []))
}

const wrong: [rule: string, schema: object, value: object, field: string][] = [
  ['a name in upper case', MachineInput, { ...MACHINE, name: 'DB-1' }, 'name'],
  ['a name with a dot', MachineInput, { ...MACHINE, name: 'db.example.org' }, 'name'],
  ['a name with a line end', MachineInput, { ...MACHINE, name: 'db-1\n' }, 'name'],
  ['a name of 64 characters', MachineInput, { ...MACHINE, name: 'a'.repeat(64) }, 'name'],
  ['no interface', MachineInput, { ...MACHINE, interfaces: [] }, 'interfaces'],
  ['an interface without a MAC', MachineInput, { ...MACHINE, interfaces: [{}] }, 'interfaces[0].mac'],
  ['an unknown field', MachineInput, { ...MACHINE, rolle: 'db' }, 'rolle'],
  ['a disk that is no device', MachineInput, { ...MACHINE, disk: 'sda' }, 'disk'],
  ['a disk with a space', MachineInput, { ...MACHINE, disk: '/dev/sda /dev/sdb' }, 'disk'],
  ['a console with a space', MachineInput, { ...MACHINE, console: 'ttyS0 init=/bin/sh' }, 'console'],
  ['a kernel argument with a space', MachineInput, { ...MACHINE, kernelArguments: ['a b'] }, 'kernelArguments[0]'],
  ['a kernel argument with a line end', MachineInput, { ...MACHINE, kernelArguments: ['a\n'] }, 'kernelArguments[0]'],
  ['a var in upper case', MachineInput, { ...MACHINE, vars: { Locale: 'C' } }, 'vars.Locale'],
  ['a label without a name', MachineInput, { ...MACHINE, labels: { '': 'x' } }, 'labels.'],
  ['another way to the disk', MachineInput, { ...MACHINE, localBoot: 'chain' }, 'localBoot'],
  ['a loader that there is none of', MachineInput, { ...MACHINE, loader: 'lilo' }, 'loader'],
  ['a role with a single colon', RoleInput, { name: 'openstack:nova' }, 'name'],
  ['an image that leads elsewhere', ImageInput, { ...IMAGE, name: '../etc' }, 'name'],
  ['a file that leads elsewhere', ImageInput, { ...IMAGE, kernel: { ...FILE, name: '../linux' } }, 'kernel.name'],
  ['a hash in upper case', ImageInput, { ...IMAGE, kernel: { ...FILE, sha256: 'A'.repeat(64) } }, 'kernel.sha256'],
  ['an empty file', ImageInput, { ...IMAGE, kernel: { ...FILE, size: 0 } }, 'kernel.size'],
  ['another family', ImageInput, { ...IMAGE, family: 'windows' }, 'family'],
  ['a lease of a minute', SubnetInput, { ...SUBNET, lease: 60 }, 'lease'],
  ['a lease of a month', SubnetInput, { ...SUBNET, lease: 2_592_000 }, 'lease'],
  ['VLAN 4095', SubnetInput, { ...SUBNET, vlan: 4095 }, 'vlan'],
  ['a domain with an empty label', SubnetInput, { ...SUBNET, domain: 'example..org' }, 'domain'],
  ['a pool without an end', SubnetInput, { ...SUBNET, pools: [{ from: '10.77.0.1' }] }, 'pools[0].to'],
  ['options that are a list', SubnetInput, { ...SUBNET, options: ['routers'] }, 'options'],
  ['a shared network with a space', SubnetInput, { ...SUBNET, sharedNetwork: 'lab 1' }, 'sharedNetwork'],
  ['authoritative as text', SubnetInput, { ...SUBNET, authoritative: 'no' }, 'authoritative'],
  ['a class without conditions', ClassInput, { name: 'pxe' }, 'match'],
  ['an unknown condition', ClassInput, { ...CLASS, match: { vendor: 'x' } }, 'match.vendor'],
  ['an unknown firmware', ClassInput, { ...CLASS, match: { firmware: ['efi'] } }, 'match.firmware[0]'],
  ['no firmware at all', ClassInput, { ...CLASS, match: { firmware: [] } }, 'match.firmware'],
  ['an architecture by name', ClassInput, { ...CLASS, match: { architecture: ['x64'] } }, 'match.architecture[0]'],
  ['an architecture of 17 bits', ClassInput, { ...CLASS, match: { architecture: [65536] } }, 'match.architecture[0]'],
  ['an empty vendor class', ClassInput, { ...CLASS, match: { vendorClass: '' } }, 'match.vendorClass'],
  ['global settings with a name', GlobalInput, { name: 'settings' }, 'name']
]

for (const [rule, schema, value, field] of wrong) {
  test(`is of a wrong shape, and the field is named: ${rule}`, (t) => {
    const fields = validator.check(schema, value).map(({ path }) => fieldOf(path))
    t.deepEqual([...new Set(fields)], [field])
  })
}
