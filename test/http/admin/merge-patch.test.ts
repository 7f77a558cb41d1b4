import test from 'ava'
import { patched } from '../../../src/http/admin/merge-patch.ts'

const ENTITY = {
  name: 'db',
  note: 'n',
  vars: { a: 1, b: { c: [2], d: 3 } },
  options: { 'interface-mtu': 1500, 224: '0x0a' }
}

for (const [rule, patch, changed] of [
  ['nothing', {}, {}],
  ['a value replaces the whole one', { note: 'm' }, { note: 'm' }],
  ['null removes', { note: null, vars: { a: null } }, { note: undefined, vars: { b: { c: [2], d: 3 } } }],
  ['objects are merged, lists are not', { vars: { b: { c: [] } } }, { vars: { a: 1, b: { c: [], d: 3 } } }],
  ['an object takes the place of a value', { note: { x: 1, y: null } }, { note: { x: 1 } }],
  [
    'an option by its code is the one of its name',
    { options: { 26: 9000 } },
    { options: { 'interface-mtu': 9000, 224: '0x0a' } }
  ],
  ['likewise with its prefix, and removed', { options: { 'option-26': null } }, { options: { 224: '0x0a' } }],
  [
    'a code without a name',
    { options: { 'option-224': '0x0b', 225: '01' } },
    { options: { 'interface-mtu': 1500, 224: '0x0b', 225: '01' } }
  ],
  ['options that are none are for the schema to refuse', { options: ['x'] }, { options: ['x'] }]
] as [string, object, object][]) {
  test(`patch: ${rule}`, (t) =>
    t.deepEqual(
      JSON.parse(JSON.stringify(patched(ENTITY, patch))),
      JSON.parse(JSON.stringify({ ...ENTITY, ...changed }))
    ))
}

test('what is no object takes the place of the whole', (t) => t.deepEqual(patched(ENTITY, [1]), [1]))
