import test from 'ava'
import { InventoryError } from '../../src/inventory/errors.ts'
import type { MachineInput, SubnetInput } from '../../src/inventory/inputs.ts'
import { DISCOVERED, nextGeneration, REGISTERED } from '../../src/inventory/lifecycle.ts'
import { UNTRIED } from '../../src/inventory/loader-trials.ts'
import { globalFrom, imageFrom, machineFrom, roleFrom, subnetFrom, subnetKey } from '../../src/inventory/normalize.ts'
import { cidr, ip, mac } from '../support/values.ts'

const FILE = { name: 'linux', sha256: 'a'.repeat(64), size: 1 }
const machineOf = (more: Partial<MachineInput>) =>
  machineFrom({ name: 'db-1', interfaces: [{ mac: '52:54:00:00:00:0a' }], ...more })
const subnetOf = (more: Partial<SubnetInput>) => subnetFrom({ cidr: '10.77.0.0/24', ...more })

for (const spelling of ['52:54:00:00:00:0a', '52-54-00-00-00-0A', '5254.0000.000a', '52540000000A']) {
  test(`a MAC is kept in its canonical form: ${spelling}`, (t) => {
    t.deepEqual(machineOf({ interfaces: [{ mac: spelling }] }).interfaces, [{ mac: mac(10), ipv4: null, subnet: null }])
  })
}

test('a UUID is kept in lower case', (t) => {
  const uuid = '44454C4C-4C42-0010-8035-80B4C04F4E43'
  t.is(machineOf({ uuid }).uuid, uuid.toLowerCase())
})

const wrong: [rule: string, make: () => unknown, fields: Record<string, RegExp>][] = [
  ['a MAC', () => machineOf({ interfaces: [{ mac: 'nope' }] }), { 'interfaces[0].mac': /"nope" is not a MAC address/ }],
  [
    'a group address as MAC',
    () => machineOf({ interfaces: [{ mac: '01:00:5e:00:00:01' }] }),
    { 'interfaces[0].mac': /group address/ }
  ],
  [
    'one MAC in two spellings',
    () => machineOf({ interfaces: [{ mac: '52:54:00:00:00:0a' }, { mac: '52540000000A' }] }),
    { interfaces: /^52:54:00:00:00:0a is named twice$/ }
  ],
  [
    'two wrong MACs, and not that they are the same',
    () => machineOf({ interfaces: [{ mac: 'x' }, { mac: 'y' }] }),
    { 'interfaces[0].mac': /"x"/, 'interfaces[1].mac': /"y"/ }
  ],
  [
    'an address with leading zeros',
    () => machineOf({ interfaces: [{ mac: mac(1), ipv4: '10.77.0.010' }] }),
    { 'interfaces[0].ipv4': /"10.77.0.010"/ }
  ],
  [
    'an address outside the subnet named',
    () => machineOf({ interfaces: [{ mac: mac(1), ipv4: '10.78.0.1', subnet: '10.77.0.0/24' }] }),
    { 'interfaces[0].ipv4': /^10.78.0.1 is not in 10.77.0.0\/24$/ }
  ],
  [
    'host bits in a subnet, and nothing about the address in it',
    () => machineOf({ interfaces: [{ mac: mac(1), ipv4: '10.77.0.9', subnet: '10.77.0.1/24' }] }),
    { 'interfaces[0].subnet': /has host bits set: the network is 10.77.0.0\/24/ }
  ],
  ['a UUID', () => machineOf({ uuid: 'x' }), { uuid: /"x" is not a UUID/ }],
  [
    'everything at once in a machine',
    () => machineOf({ interfaces: [{ mac: 'x', ipv4: 'y', subnet: 'z' }], uuid: 'u' }),
    { 'interfaces[0].mac': /"x"/, 'interfaces[0].ipv4': /"y"/, 'interfaces[0].subnet': /"z"/, uuid: /"u"/ }
  ],
  [
    'a kernel without its initrd',
    () => imageFrom({ name: 'i', family: 'debian', release: 'b', architecture: 'amd64', kernel: FILE }),
    { initrd: /come together/ }
  ],
  [
    'an initrd without its kernel',
    () => imageFrom({ name: 'i', family: 'debian', release: 'b', architecture: 'amd64', initrd: FILE }),
    { kernel: /come together/ }
  ],
  ['host bits of a CIDR', () => subnetOf({ cidr: '10.77.0.1/24' }), { cidr: /the network is 10.77.0.0\/24/ }],
  ["another network's gateway", () => subnetOf({ gateway: '10.78.0.1' }), { gateway: /not a host's address in/ }],
  ['the broadcast address as gateway', () => subnetOf({ gateway: '10.77.0.255' }), { gateway: /not a host's/ }],
  ['one of the DNS servers', () => subnetOf({ dns: ['10.0.0.1', 'ns1'] }), { 'dns[1]': /"ns1"/ }],
  [
    'a pool outside of the subnet',
    () => subnetOf({ pools: [{ from: '10.77.0.10', to: '10.77.1.20' }] }),
    { 'pools[0].to': /not a host's address in 10.77.0.0\/24/ }
  ],
  [
    'a pool that ends at the broadcast address',
    () => subnetOf({ pools: [{ from: '10.77.0.10', to: '10.77.0.255' }] }),
    { 'pools[0].to': /not a host's/ }
  ],
  [
    'a pool from its end to its start',
    () => subnetOf({ pools: [{ from: '10.77.0.20', to: '10.77.0.10' }] }),
    { 'pools[0]': /^10.77.0.20 comes after 10.77.0.10$/ }
  ],
  [
    'pools that overlap',
    () =>
      subnetOf({
        pools: [
          { from: '10.77.0.10', to: '10.77.0.20' },
          { from: '10.77.0.30', to: '10.77.0.40' },
          { from: '10.77.0.20', to: '10.77.0.25' },
          { from: '10.77.0.26', to: '10.77.0.30' }
        ]
      }),
    { 'pools[2]': /^overlaps pools\[0\]$/, 'pools[3]': /^overlaps pools\[1\]$/ }
  ],
  [
    'everything at once in a subnet, and nothing twice',
    () =>
      subnetOf({
        cidr: 'c',
        gateway: 'g',
        dns: ['d'],
        ntp: ['n'],
        pools: [
          { from: 'f', to: '10.77.0.20' },
          { from: '10.77.0.10', to: 't' }
        ]
      }),
    {
      cidr: /"c"/,
      gateway: /"g"/,
      'pools[0].from': /"f"/,
      'pools[1].to': /"t"/,
      'dns[0]': /"d"/,
      'ntp[0]': /"n"/
    }
  ],
  [
    'options of each level, by name and place, with what was probably meant',
    () =>
      subnetOf({
        options: { 'domain-serach': ['lab.org'], routers: ['10.77.0.300', '10.77.0.1'] },
        pools: [{ from: '10.77.0.10', to: '10.77.0.20', options: { 'interface-mtu': 'big' } }]
      }),
    {
      'pools[0].options.interface-mtu': /from 0 to 65535/,
      'options.domain-serach': /did you mean domain-search\?/,
      'options.routers[0]': /"10.77.0.300"/
    }
  ],
  ['an option of a machine', () => machineOf({ options: { 300: '0x01' } }), { 'options.300': /not a code/ }],
  [
    'an option of a role',
    () => roleFrom({ name: 'db', options: { 'subnet-mask': '1' } }),
    { 'options.subnet-mask': /can't be set/ }
  ],
  ['a global option', () => globalFrom({ options: { 6: 'ns1' } }), { 'options.6': /"ns1"/ }],
  ['the key of a subnet', () => subnetKey('10.77.0.9/24'), { cidr: /the network is 10.77.0.0\/24/ }]
]

for (const [rule, make, fields] of wrong) {
  test(`is refused, and named: ${rule}`, (t) => {
    const error = t.throws(make, { instanceOf: InventoryError })
    t.is(error.code, 'invalid')
    t.deepEqual(
      error.fields.map(({ field }) => field),
      Object.keys(fields)
    )
    for (const { field, message } of error.fields) t.regex(message, fields[field] as RegExp)
  })
}

test('absent values get their defaults', (t) => {
  t.deepEqual(machineOf({}), {
    name: 'db-1',
    role: null,
    image: null,
    interfaces: [{ mac: mac(10), ipv4: null, subnet: null }],
    uuid: null,
    serial: null,
    disk: null,
    localBoot: 'exit',
    loader: 'auto',
    console: null,
    kernelArguments: [],
    labels: {},
    options: {},
    vars: {},
    facts: {},
    trials: UNTRIED,
    life: REGISTERED
  })
  t.like(roleFrom({ name: 'openstack::nova::api' }), { class: 'role::openstack::nova::api', kind: null, vars: {} })
  t.like(subnetOf({}), { gateway: null, dns: [], ntp: [], domain: null, pools: [], lease: 3600, vlan: null })
  t.like(subnetOf({}), { sharedNetwork: null, authoritative: true, options: {} })
  t.deepEqual(globalFrom({}), { name: 'settings', options: {}, vars: {} })
})

test('what is given is kept', (t) => {
  const given = {
    name: 'db-1',
    role: 'db',
    image: 'i',
    serial: 'S',
    disk: '/dev/sda',
    localBoot: 'sanboot',
    loader: 'grub'
  } as const
  const lists = { kernelArguments: ['quiet'], labels: { rack: 'b7' }, vars: { a: 1 } }
  t.like(machineOf({ ...given, ...lists, console: 'ttyS0' }), { ...given, ...lists, console: 'ttyS0' })
  const role = {
    name: 'db',
    class: 'site::db',
    kind: 'virtual',
    note: 'n',
    image: 'i',
    options: { tcode: 'Europe/Oslo' },
    vars: { a: 1 }
  } as const
  t.deepEqual(roleFrom(role), role)
  const image = { name: 'i', family: 'debian', release: 'bookworm', architecture: 'arm64' } as const
  const files = { kernel: FILE, initrd: FILE, kernelArguments: ['quiet'], vars: { a: 1 } }
  t.deepEqual(imageFrom({ ...image, ...files }), { ...image, ...files })
  const pools = [{ from: '10.77.0.10', to: '10.77.0.20' }]
  const subnet = { name: 'lab', gateway: '10.77.0.1', dns: ['10.0.0.1'], ntp: ['10.0.0.2'], domain: 'lab.org', pools }
  const numbers = { lease: 120, vlan: 7, sharedNetwork: 'lab', authoritative: false, vars: { a: 1 } }
  t.like(subnetOf({ ...subnet, ...numbers }) as object, { cidr: '10.77.0.0/24', ...subnet, ...numbers })
})

test('options are kept in one form, and a pool without any is its addresses and no more', (t) => {
  const options = { 6: '10.0.0.1', 'option-224': '0A:0B', routers: null }
  const canonical = { 'domain-name-servers': ['10.0.0.1'], 224: '0x0a0b', routers: null }
  const range = { from: '10.77.0.10', to: '10.77.0.19' }
  const other = { from: '10.77.0.20', to: '10.77.0.29' }
  const { pools, ...subnet } = subnetOf({
    options,
    pools: [
      { ...range, options },
      { ...other, options: {} }
    ]
  })
  t.deepEqual(subnet.options, canonical)
  t.deepEqual(pools as object, [{ ...range, options: canonical }, other])
  for (const entity of [machineOf({ options }), roleFrom({ name: 'db', options }), globalFrom({ options })]) {
    t.deepEqual(entity.options, canonical)
  }
})

test('a replacement keeps the address of each MAC, the state and the facts', (t) => {
  const life = nextGeneration(REGISTERED, 'install', 'a')
  const held = { mac: mac(10), ipv4: ip('10.77.0.9'), subnet: cidr('10.77.0.0/24') }
  const before = { ...machineOf({}), interfaces: [held], facts: { serial: 'S' }, life }
  const after = machineFrom({ name: 'db-1', interfaces: [{ mac: mac(10) }, { mac: mac(11) }] }, before)
  t.deepEqual(after.interfaces, [held, { mac: mac(11), ipv4: null, subnet: null }])
  t.like(after, { facts: { serial: 'S' }, life })
})

test('a replacement that names another subnet gives the address up', (t) => {
  const held = { mac: mac(10), ipv4: ip('10.77.0.9'), subnet: cidr('10.77.0.0/24') }
  const before = { ...machineOf({}), interfaces: [held] }
  const other = { name: 'db-1', interfaces: [{ mac: mac(10), subnet: '10.78.0.0/24' }] }
  t.is(machineFrom(other, before).interfaces[0]?.ipv4, null)
})

test('a discovered machine that is registered under its own name keeps its facts and is discovered no more', (t) => {
  const before = { ...machineOf({}), facts: { serial: 'S' }, life: DISCOVERED }
  const after = machineFrom({ name: 'db-1', interfaces: [{ mac: mac(10) }] }, before)
  t.like(after, { facts: { serial: 'S' }, life: REGISTERED })
})

test('both ends of a /31 are hosts, and a pool may be one address', (t) => {
  const pools = [{ from: '10.77.0.1', to: '10.77.0.1' }]
  t.like(subnetOf({ cidr: '10.77.0.0/31', gateway: '10.77.0.0', pools }), { gateway: ip('10.77.0.0') })
})
