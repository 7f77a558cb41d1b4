import test from 'ava'
import { DEFAULT_VARS } from '../../src/boot/context.ts'
import { effectiveVars } from '../../src/boot/vars.ts'
import { globalFrom } from '../../src/inventory/normalize.ts'
import { image, machine, role, subnet } from '../support/inventory.ts'
import { mac } from '../support/values.ts'

const NOBODY = { mac: mac(1), firmware: 'ipxe', offered: 0, offerLimit: 2 } as const

test('the more special layer wins, and each value tells where it is from', (t) => {
  const layers = ['locale', 'global', 'subnet', 'image', 'role', 'machine']
  const vars = (from: number) => Object.fromEntries(layers.slice(from).map((name) => [name, layers[from]]))
  const { locale, ...others } = effectiveVars({
    ...NOBODY,
    global: globalFrom({ vars: { locale: 'C', ...vars(1) } }),
    subnet: subnet({ vars: vars(2) }),
    image: { ...image('debian-12'), vars: vars(3) },
    role: { ...role('db'), vars: vars(4) },
    machine: { ...machine('db-1', 1), vars: vars(5) }
  })
  t.deepEqual(locale, { value: 'C', source: 'global' })
  t.deepEqual(others.global, { value: 'global', source: 'global' })
  t.deepEqual(others.keymap, { value: 'us', source: 'default' })
  t.deepEqual(others.subnet, { value: 'subnet', source: 'subnet 10.77.0.0/24' })
  t.deepEqual(others.image, { value: 'image', source: 'image debian-12' })
  t.deepEqual(others.role, { value: 'role', source: 'role db' })
  t.deepEqual(others.machine, { value: 'machine', source: 'machine db-1' })
})

test('a value replaces the whole one below it, null and lists too', (t) => {
  const { packages, user } = effectiveVars({
    ...NOBODY,
    role: { ...role('db'), vars: { packages: ['vim'], user: 'ops' } },
    machine: { ...machine('db-1', 1), vars: { packages: [], user: null } }
  })
  t.deepEqual(packages, { value: [], source: 'machine db-1' })
  t.deepEqual(user, { value: null, source: 'machine db-1' })
})

test('of a stranger there are the defaults', (t) => {
  const vars = effectiveVars(NOBODY)
  t.deepEqual(Object.keys(vars), Object.keys(DEFAULT_VARS))
  t.true(Object.values(vars).every(({ source }) => source === 'default'))
})
