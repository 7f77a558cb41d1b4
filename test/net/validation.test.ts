import test from 'ava'
import { fieldOf, Validator } from '../../src/net/validation.ts'

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[a-z]+$' },
    kind: { enum: ['physical', 'virtual'] },
    'a/b~c': { type: 'number' },
    interfaces: { type: 'array', minItems: 1, items: { type: 'object', required: ['mac'], properties: {} } }
  }
}

const findings = (value: unknown) => new Validator().check(SCHEMA, value)

for (const [rule, value, expected] of [
  ['what is right has no findings', { name: 'a', kind: 'virtual', interfaces: [{ mac: 1 }] }, []],
  ['a missing field is named, not what lacks it', {}, [{ path: '/name', message: 'is missing' }]],
  ['so is an unknown one', { name: 'a', b: 1 }, [{ path: '/b', message: 'is not a known field' }]],
  [
    'a choice names what there is',
    { name: 'a', kind: 'x' },
    [{ path: '/kind', message: 'must be physical or virtual' }]
  ],
  ['a pattern is shown', { name: 'A' }, [{ path: '/name', message: 'must match ^[a-z]+$' }]],
  [
    'a place in a list is named',
    { name: 'a', interfaces: [{}] },
    [{ path: '/interfaces/0/mac', message: 'is missing' }]
  ],
  ['the whole has the empty path', 5, [{ path: '', message: 'must be object' }]]
] as const) {
  test(rule, (t) => t.deepEqual(findings(value), [...expected]))
}

test('all findings are there, not only the first', (t) => {
  t.is(findings({ kind: 'x', b: 1, interfaces: [] }).length, 4)
})

for (const [path, field] of [
  ['', ''],
  ['/name', 'name'],
  ['/interfaces/0/mac', 'interfaces[0].mac'],
  ['/0', '[0]'],
  ['/vars/user', 'vars.user'],
  ['/labels/a~1b~0c', 'labels.a/b~c']
] as const) {
  test(`the path "${path}" is the field "${field}" to people`, (t) => t.is(fieldOf(path), field))
}
