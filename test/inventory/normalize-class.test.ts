import test from 'ava'
import { InventoryError } from '../../src/inventory/errors.ts'
import type { ClassInput } from '../../src/inventory/inputs.ts'
import { classFrom } from '../../src/inventory/normalize-class.ts'

type Match = ClassInput['match']
const classOf = (match: Match, more: Partial<ClassInput> = {}) => classFrom({ name: 'pxe', match, ...more })

for (const [given, kept] of [
  ['52:54:00', '52:54:00'],
  ['52-54-00', '52:54:00'],
  ['5254.00', '52:54:00'],
  ['525400AB', '52:54:00:ab'],
  ['0C', '0c'],
  ['5254.0000.000A', '52:54:00:00:00:0a']
] as const) {
  test(`the beginning of a MAC is kept in its canonical form: ${given}`, (t) => {
    t.deepEqual(classOf({ mac: given }).match, { mac: kept })
  })
}

test('what is given is kept, and nothing else is there', (t) => {
  const match: Match = {
    firmware: ['bios', 'uefi-x64'],
    architecture: [7, 9],
    vendorClass: 'PXEClient',
    userClass: 'iPXE',
    relay: '10.88.0.0/16',
    mac: '52:54:00'
  }
  const options = { 'tftp-server-name': 'boot.example.org' }
  t.deepEqual(classOf(match, { options, note: 'n' }) as object, { name: 'pxe', match, options, note: 'n' })
  t.deepEqual(classOf({ relay: '10.88.0.1' }) as object, {
    name: 'pxe',
    match: { relay: '10.88.0.1' },
    options: {},
    note: null
  })
})

for (const [rule, match, more, fields] of [
  ['no condition', {}, {}, { match: /needs a condition: firmware, .* or mac/ }],
  ['half a byte', { mac: '52:5' }, {}, { 'match.mac': /"52:5" is not how a MAC address begins/ }],
  ['seven bytes', { mac: '52:54:00:00:00:00:0a' }, {}, { 'match.mac': /1 to 6 pairs/ }],
  ['an empty MAC', { mac: '' }, {}, { 'match.mac': /""/ }],
  ['a relay with host bits', { relay: '10.88.0.1/24' }, {}, { 'match.relay': /the network is 10.88.0.0\/24/ }],
  ['a relay by name', { relay: 'relay1' }, {}, { 'match.relay': /"relay1" is not an IPv4 address/ }],
  [
    'everything at once',
    { relay: 'x', mac: 'y' },
    { options: { router: '10.0.0.1' } },
    { 'match.relay': /"x"/, 'match.mac': /"y"/, 'options.router': /did you mean routers\?/ }
  ]
] as [string, Match, Partial<ClassInput>, Record<string, RegExp>][]) {
  test(`is refused, and named: ${rule}`, (t) => {
    const error = t.throws(() => classOf(match, more), { instanceOf: InventoryError })
    t.is(error.code, 'invalid')
    t.deepEqual(
      error.fields.map(({ field }) => field),
      Object.keys(fields)
    )
    for (const { field, message } of error.fields) t.regex(message, fields[field] as RegExp)
  })
}
