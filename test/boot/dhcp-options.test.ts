import test from 'ava'
import { effectiveOptions, encodedOptions, type OptionLevels } from '../../src/boot/dhcp-options.ts'
import { globalFrom } from '../../src/inventory/normalize.ts'
import { classFrom } from '../../src/inventory/normalize-class.ts'
import type { OptionValues } from '../../src/net/options/configured.ts'
import { machine, role, subnet } from '../support/inventory.ts'
import { cidr, ip } from '../support/values.ts'

const BARE = subnet({ gateway: '10.77.0.254', dns: [], ntp: [] })
const PLAIN = { ...BARE, gateway: null, domain: null }
const POOL = { from: ip('10.77.0.100'), to: ip('10.77.0.109') }
const clientClass = (name: string, options: OptionValues) => ({ ...classFrom({ name, match: { mac: '52' } }), options })

/** All levels, from the most general to the most special; of each the options that a test gives it. */
function levels(options: Record<string, OptionValues>): OptionLevels {
  return {
    global: { ...globalFrom({}), options: options.global ?? {} },
    subnet: { ...PLAIN, options: options.subnet ?? {} },
    pool: { ...POOL, options: options.pool ?? {} },
    role: { ...role('db'), options: options.role ?? {} },
    classes: [clientClass('a', options['class a'] ?? {}), clientClass('b', options['class b'] ?? {})],
    machine: { ...machine('web1', 1), options: options.machine ?? {} }
  }
}

const LEVELS = ['global', 'subnet', 'pool', 'role', 'class a', 'class b', 'machine']
const SOURCES = [
  'global',
  'subnet 10.77.0.0/24',
  'pool 10.77.0.100-10.77.0.109',
  'role db',
  'class a',
  'class b',
  'machine web1'
]

for (const [index, level] of LEVELS.entries()) {
  test(`of what all levels up to ${level} say, its own counts, and the others are told`, (t) => {
    const said = LEVELS.slice(0, index + 1).map((name) => [name, { tcode: name }] as const)
    t.deepEqual(effectiveOptions(levels(Object.fromEntries(said))).get('tcode'), {
      value: level,
      source: SOURCES[index],
      overrides: SOURCES.slice(0, index).reverse()
    })
  })
}

test("a subnet's fields are options of its own, below those that it names", (t) => {
  const fields = subnet()
  const options = { ...levels({ global: { routers: ['10.0.0.1'] } }), subnet: fields }
  const source = 'subnet 10.77.0.0/24'
  t.deepEqual(
    [...effectiveOptions(options)],
    [
      ['routers', { value: ['10.77.0.254'], source, overrides: ['global'] }],
      ['domain-name-servers', { value: ['10.77.0.2'], source, overrides: [] }],
      ['domain-name', { value: 'example.org', source, overrides: [] }],
      ['broadcast-address', { value: '10.77.0.255', source, overrides: [] }],
      ['ntp-servers', { value: ['10.77.0.3'], source, overrides: [] }]
    ]
  )
  const named = { ...options, subnet: { ...fields, options: { routers: ['10.77.0.9'] } } }
  t.deepEqual(effectiveOptions(named).get('routers'), { value: ['10.77.0.9'], source, overrides: ['global'] })
})

test('what a subnet has no field for is no option, and a point-to-point link has no broadcast address', (t) => {
  t.deepEqual([...effectiveOptions(levels({})).keys()], ['broadcast-address'])
  t.deepEqual([...effectiveOptions({ ...levels({}), subnet: { ...PLAIN, cidr: cidr('10.77.0.0/31') } })], [])
})

test('a client may be of no pool, role, class or machine', (t) => {
  const { global, subnet } = levels({ global: { tcode: 'Europe/Oslo' } })
  t.deepEqual(effectiveOptions({ global, subnet, classes: [] }).get('tcode'), {
    value: 'Europe/Oslo',
    source: 'global',
    overrides: []
  })
})

test('two names of one code are one option', (t) => {
  const both = levels({
    global: { pxe: { 'discovery-control': 8 } },
    role: { 'vendor-encapsulated-options': '0x0601' }
  })
  const found = effectiveOptions(both)
  t.false(found.has('pxe'))
  t.deepEqual(found.get('vendor-encapsulated-options'), { value: '0x0601', source: 'role db', overrides: ['global'] })
  t.deepEqual(encodedOptions(both).get(43), Uint8Array.of(6, 1))
})

test('options are sent by code, with the mask of the subnet; one that is not to be sent says so', (t) => {
  const told = levels({
    subnet: { 224: '0x0a0b', routers: ['10.77.0.1', '10.77.0.2'], 'broadcast-address': null },
    machine: { 'interface-mtu': 9000 }
  })
  t.deepEqual(
    encodedOptions(told),
    new Map<number, Uint8Array | null>([
      [1, Uint8Array.of(255, 255, 255, 0)],
      [3, Uint8Array.of(10, 77, 0, 1, 10, 77, 0, 2)],
      [26, Uint8Array.of(9000 >> 8, 9000 & 255)],
      [28, null],
      [224, Uint8Array.of(10, 11)]
    ])
  )
})

test('a special level brings back what a general one withholds', (t) => {
  const found = levels({ subnet: { routers: null }, machine: { routers: ['10.77.0.1'] } })
  t.deepEqual(encodedOptions(found).get(3), Uint8Array.of(10, 77, 0, 1))
})
