import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import {
  ClassInput,
  GlobalInput,
  ImageInput,
  MachineInput,
  RoleInput,
  SubnetInput
} from '../../src/inventory/inputs.ts'
import { globalFrom, imageFrom, roleFrom, subnetFrom } from '../../src/inventory/normalize.ts'
import { classFrom } from '../../src/inventory/normalize-class.ts'

type Role = { name: string; kind?: string; note?: string; alias?: string }

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
const text = read('examples/site.yaml')
const site = parse(text)
const catalogue: Role[] = parse(read('test/vectors/seed-catalogue.yaml')).roles

test('the example has every role of the catalogue, with its class and kind', (t) => {
  t.true(catalogue.length > 25)
  const expected = catalogue.map(({ name, kind }) => [name, `role::${name}`, kind])
  t.deepEqual(
    site.roles.map((role: Record<string, unknown>) => [role.name, role.class, role.kind]),
    expected
  )
})

test('a role that goes by another name says so in its note', (t) => {
  const notes = new Map(site.roles.map((role: Role) => [role.name, role.note]))
  for (const { name, alias } of catalogue) if (alias) t.is(notes.get(name), `also known as ${alias}`)
})

test('every entity of the example is one that apply takes', (t) => {
  const kinds = [
    [[site.global], GlobalInput, globalFrom],
    [site.subnets, SubnetInput, subnetFrom],
    [site.classes, ClassInput, classFrom],
    [site.images, ImageInput, imageFrom],
    [site.roles, RoleInput, roleFrom]
  ] as const
  for (const [entities, schema, normalize] of kinds) {
    t.true(entities.length > 0)
    for (const entity of entities) {
      t.deepEqual([...Value.Errors(schema, entity)], [])
      t.notThrows(() => normalize(entity))
    }
  }
})

test('only the first network of the example gives out addresses, and the three are private ones', (t) => {
  t.deepEqual(
    site.subnets.map((subnet: { name: string; pools: unknown[] }) => [subnet.name, subnet.pools.length]),
    [
      ['infrastructure', 1],
      ['storage', 0],
      ['services', 0]
    ]
  )
  for (const { cidr } of site.subnets) t.regex(cidr, /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.)/)
})

test('the machine in the comment is one that apply takes, of a role and an image that are there', (t) => {
  const comment = text
    .slice(text.indexOf('machines: []'))
    .replace('machines: []', 'machines:')
    .replaceAll(/^# {2}/gm, '  ')
  const [machine] = parse(comment).machines
  t.deepEqual([...Value.Errors(MachineInput, machine)], [])
  t.true(site.roles.some((role: Role) => role.name === machine.role))
  t.true(site.images.some((image: Role) => image.name === machine.image))
})
