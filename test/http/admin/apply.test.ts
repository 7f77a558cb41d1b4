import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import type { Problem } from '../../daemon/rest.ts'
import { SUBNET, startSite, startTandem } from '../../daemon/running.ts'

type Edit = { kind: string; key: string; action: string; fields: { field: string; before?: unknown; after: unknown }[] }
type Applied = { dryRun: boolean; edits: Edit[]; replicated: boolean }

const short = ({ edits }: Applied) => edits.map(({ kind, key, action }) => `${action} ${kind} ${key}`)
const SITE = parse(readFileSync(join(import.meta.dirname, '../../../examples/site.yaml'), 'utf8'))

const DOCUMENT = {
  classes: [{ name: 'pxe', match: { vendorClass: 'PXEClient' }, options: { 'tftp-server-name': 'boot' } }],
  global: { options: { 'domain-search': ['example.org'] } },
  machines: [{ name: 'db1', role: 'db', interfaces: [{ mac: '52:54:00:00:00:0b' }] }],
  roles: [{ name: 'db', image: 'debian-12' }],
  images: [{ name: 'debian-12', family: 'debian', release: 'bookworm', architecture: 'amd64' }],
  subnets: [SUBNET]
}

/** Every level's options, also ones that are not to be sent. */
const OPTIONS = {
  global: { options: { 'ntp-servers': '10.0.0.1' }, vars: { timezone: 'Etc/UTC' } },
  subnets: [
    {
      cidr: '10.79.0.0/24',
      sharedNetwork: 'lab',
      authoritative: false,
      options: { routers: null },
      pools: [{ from: '10.79.0.10', to: '10.79.0.19', options: { 26: 9000 } }]
    }
  ],
  classes: [{ name: 'old-pxe', match: { firmware: ['bios'], mac: '5254.00' }, options: { 224: '0A' } }],
  roles: [{ name: 'web', options: { tcode: 'Europe/Oslo' } }],
  machines: [{ name: 'web1', interfaces: [{ mac: '52:54:00:00:00:0a' }], options: { 'host-name': 'www' } }]
}

test('a document is applied whole, in the order in which its parts refer to each other', async (t) => {
  const { rest } = await startTandem(t)
  const { status, body } = await rest.send<Applied>('POST', '/apply', DOCUMENT)
  t.is(status, 200)
  t.deepEqual(short(body), [
    'change global settings',
    'create subnet 10.77.0.0/24',
    'create class pxe',
    'create image debian-12',
    'create role db',
    'create machine db1'
  ])
  t.deepEqual([body.dryRun, body.replicated], [false, false])
  t.like((await rest.get('/machines/db1')).body, { role: 'db', state: 'registered' })
})

test('applying twice changes nothing more', async (t) => {
  const { rest } = await startTandem(t)
  await rest.send('POST', '/apply', DOCUMENT)
  const { headers } = await rest.get('/machines/db1')
  t.deepEqual((await rest.send<Applied>('POST', '/apply', DOCUMENT)).body.edits, [])
  t.is((await rest.get('/machines/db1')).headers.etag, headers.etag)
})

test('a dry run says what would change, field by field, and changes nothing', async (t) => {
  const { rest } = await startTandem(t)
  await rest.send('POST', '/apply', DOCUMENT)
  const changed = { roles: [{ name: 'db', note: 'Galera' }, { name: 'cache' }] }
  const { body } = await rest.send<Applied>('POST', '/apply?dryRun=true', changed)
  t.true(body.dryRun)
  t.deepEqual(short(body), ['change role db', 'create role cache'])
  t.deepEqual(body.edits[0]?.fields, [
    { field: 'note', before: null, after: 'Galera' },
    { field: 'image', before: 'debian-12', after: null }
  ])
  t.is((await rest.get('/roles')).body.total, 1)
  t.like((await rest.get('/roles/db')).body, { image: 'debian-12', note: undefined })
})

test('one fault and nothing is applied; every fault is named, with the name of what has it', async (t) => {
  const { rest } = await startTandem(t)
  const { status, body } = await rest.send<Problem>('POST', '/apply', {
    subnets: [SUBNET, { cidr: '10.77.0.0/25' }, { cidr: 'junk' }],
    global: { options: { router: '10.0.0.1' } },
    classes: [{ name: 'pxe', match: {} }],
    roles: [{ name: 'good' }, { name: 'bad', kind: 'big' }, {}],
    machines: [
      { name: 'db1', role: 'nobody', interfaces: [{ mac: 'junk' }] },
      { name: 'db2', role: 'nobody', interfaces: [{ mac: '52:54:00:00:00:0b' }] }
    ]
  })
  t.deepEqual([status, body.code], [400, 'invalid'])
  t.deepEqual(
    body.errors?.map(({ field }) => field),
    [
      'global.options.router',
      'subnets[1] (10.77.0.0/25)',
      'subnets[2] (junk).cidr',
      'classes[0] (pxe).match',
      'roles[1] (bad).kind',
      'roles[2].name',
      'machines[0] (db1).interfaces[0].mac',
      'machines[1] (db2).role'
    ]
  )
  for (const each of ['subnets', 'roles', 'machines']) t.is((await rest.get(`/${each}`)).body.total, 0, each)
})

for (const [rule, body, fields] of [
  ['an unknown part', { machine: [] }, ['machine']],
  ['a part that is no list', { machines: {} }, ['machines']],
  ['an entity that is none', { roles: ['db'] }, ['roles[0]']],
  ['a list', [], ['the body']],
  ['one entity twice', { roles: [{ name: 'db' }, { name: 'db', kind: 'virtual' }] }, ['roles[1] (db).name']],
  [
    'one MAC of two machines',
    { subnets: [SUBNET], machines: ['a', 'b'].map((name) => ({ name, interfaces: [{ mac: '52:54:00:00:00:0b' }] })) },
    ['machines[1] (b)']
  ]
] as const) {
  test(`a document with ${rule} is refused`, async (t) => {
    const { rest } = await startTandem(t)
    const answer = await rest.send<Problem>('POST', '/apply', body)
    t.deepEqual([answer.status, answer.body.code], [400, 'invalid'])
    t.deepEqual(
      answer.body.errors?.map(({ field }) => field),
      [...fields]
    )
  })
}

test('the example site applies, and then holds every role', async (t) => {
  const { rest } = await startTandem(t)
  const { status, body } = await rest.send<Applied>('POST', '/apply', SITE)
  t.is(status, 200)
  const { global: _, ...lists } = SITE
  t.is(body.edits.length, 1 + Object.values(lists).flat().length)
  t.is((await rest.get('/roles')).body.total, SITE.roles.length)
  t.deepEqual((await rest.send<Applied>('POST', '/apply', SITE)).body.edits, [])
})

test('what one service exports makes another the same', async (t) => {
  const one = await startSite(t)
  await one.rest.send('POST', '/apply', SITE)
  await one.rest.send('POST', '/apply', OPTIONS)
  const { body: exported } = await one.rest.get('/export')
  const other = await startTandem(t)
  // Files don't travel in a document.
  const images = (exported.images as Record<string, unknown>[]).map(({ kernel: _, initrd: __, ...image }) => image)
  t.is((await other.rest.send('POST', '/apply', { ...exported, images })).status, 200)
  t.deepEqual((await other.rest.get('/export')).body, { ...exported, images })
  for (const document of [exported, OPTIONS]) {
    t.deepEqual((await one.rest.send<Applied>('POST', '/apply', document)).body.edits, [])
  }
})

test("an image's files come by import: a document that names none leaves them", async (t) => {
  const { rest } = await startSite(t)
  const image = { name: 'debian-12', family: 'debian', release: 'bookworm', architecture: 'amd64' }
  const { body } = await rest.send<Applied>('POST', '/apply', { images: [image] })
  t.deepEqual(body.edits, [])
  t.truthy((await rest.get('/images/debian-12')).body.kernel)
})

test('discovered machines are not exported: nobody wrote them', async (t) => {
  const { rest, machines } = await startSite(t)
  await rest.created('/simulations', { mac: '52:54:00:00:00:ff', address: '127.0.0.1' })
  await machines.get('/boot/52:54:00:00:00:ff/facts?serial=1')
  t.is((await rest.get('/machines')).body.total, 2)
  const { body } = await rest.get<{ machines: { name: string }[] }>('/export')
  t.deepEqual(
    body.machines.map(({ name }) => name),
    ['web1']
  )
})
