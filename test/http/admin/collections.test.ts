import test, { type ExecutionContext } from 'ava'
import { addNetbootFolder } from '../../daemon/files.ts'
import type { Answer, Problem, Rest } from '../../daemon/rest.ts'
import { MAC, SUBNET, startSite, startTandem } from '../../daemon/running.ts'

/** Each kind of entity: where it is, what makes one, what that becomes, a change of it, and a shape that is wrong. */
const KINDS = [
  {
    collection: '/machines',
    key: 'db1',
    input: { name: 'db1', interfaces: [{ mac: '52-54-00-00-00-0B' }], serial: 'SN-1' },
    becomes: {
      name: 'db1',
      interfaces: [{ mac: '52:54:00:00:00:0b', ipv4: '10.77.0.2', subnet: '10.77.0.0/24' }],
      serial: 'SN-1',
      localBoot: 'exit',
      loader: 'auto',
      kernelArguments: [],
      labels: {},
      options: {},
      vars: {},
      facts: {},
      state: 'registered',
      generation: 0
    },
    patch: { serial: null, vars: { user: 'ops' }, options: { 26: 9000 } },
    patched: { serial: undefined, vars: { user: 'ops' }, options: { 'interface-mtu': 9000 } },
    wrong: { interfaces: [{ mac: 5 }], disk: 'sda', colour: 'red' },
    fields: ['colour', 'disk', 'interfaces[0].mac']
  },
  {
    collection: '/roles',
    key: 'ceph::mon',
    input: { name: 'ceph::mon', kind: 'virtual' },
    becomes: { name: 'ceph::mon', class: 'role::ceph::mon', kind: 'virtual', options: {}, vars: {} },
    patch: { kind: 'physical', note: 'also known as cephmon' },
    patched: { kind: 'physical', note: 'also known as cephmon' },
    wrong: { kind: 'big', vars: { UPPER: 1 }, note: 5 },
    fields: ['kind', 'note', 'vars.UPPER']
  },
  {
    collection: '/images',
    key: 'debian-13',
    input: { name: 'debian-13', family: 'debian', release: 'trixie', architecture: 'amd64' },
    becomes: {
      name: 'debian-13',
      family: 'debian',
      release: 'trixie',
      architecture: 'amd64',
      kernelArguments: [],
      vars: {}
    },
    patch: { kernelArguments: ['console=ttyS0'] },
    patched: { kernelArguments: ['console=ttyS0'] },
    wrong: { family: 'debian', release: 'trixie', architecture: 'vax', kernel: { name: 'linux' } },
    fields: ['architecture', 'kernel.sha256', 'kernel.size']
  },
  {
    collection: '/subnets',
    key: '10.78.0.0/24',
    input: { cidr: '10.78.0.0/24', gateway: '10.78.0.1', vlan: 78 },
    becomes: {
      cidr: '10.78.0.0/24',
      gateway: '10.78.0.1',
      dns: [],
      ntp: [],
      pools: [],
      lease: 3600,
      vlan: 78,
      authoritative: true,
      options: {},
      vars: {}
    },
    patch: { vlan: null, domain: 'example.org' },
    patched: { vlan: undefined, domain: 'example.org' },
    wrong: { lease: 1, dns: '10.78.0.1', pools: [{ from: '10.78.0.9' }] },
    fields: ['dns', 'lease', 'pools[0].to']
  },
  {
    collection: '/classes',
    key: 'old-pxe',
    input: {
      name: 'old-pxe',
      match: { firmware: ['bios'], mac: '5254.00' },
      options: { 'domain-search': 'lab.org', 'time-offset': null }
    },
    becomes: {
      name: 'old-pxe',
      match: { firmware: ['bios'], mac: '52:54:00' },
      options: { 'domain-search': ['lab.org'], 'time-offset': null }
    },
    patch: { match: { firmware: null, relay: '10.88.0.1' }, options: { 'domain-search': null }, note: 'old ones' },
    patched: {
      match: { mac: '52:54:00', relay: '10.88.0.1' },
      options: { 'time-offset': null },
      note: 'old ones'
    },
    wrong: { match: { firmware: ['efi'], mac: 5 }, options: [] },
    fields: ['match.firmware[0]', 'match.mac', 'options']
  }
] as const

const wrote = ({ body }: Answer) => {
  const { replicated, ...entity } = body
  return replicated === false ? entity : `replicated is ${replicated}`
}

/** A problem's status, code and the fields it names. */
const refusal = ({ status, headers, body }: Answer<Problem>) => {
  const type = headers['content-type'] === 'application/problem+json; charset=utf-8' ? [] : [headers['content-type']]
  return [...(status < 400 ? [] : type), status, body.code, ...(body.errors ?? []).map(({ field }) => field).sort()]
}

async function withSubnet(t: ExecutionContext): Promise<Rest> {
  const { rest } = await startTandem(t)
  await rest.created('/subnets', SUBNET)
  return rest
}

for (const { collection, key, input, becomes, patch, patched, wrong, fields } of KINDS) {
  const one = `${collection}/${encodeURIComponent(key)}`

  test(`${collection}: POST creates, GET reads what became of it, DELETE removes`, async (t) => {
    const rest = await withSubnet(t)
    const made = await rest.send('POST', collection, input)
    t.is(made.status, 201)
    t.is(made.headers.location, `/api/v1${one}`)
    t.deepEqual(wrote(made), becomes)
    const read = await rest.get(one)
    t.is(read.status, 200)
    t.deepEqual(read.body, becomes)
    t.is(read.headers.etag, made.headers.etag)
    t.is((await rest.send('DELETE', one)).status, 200)
    t.deepEqual(refusal(await rest.get<Problem>(one)), [404, 'not-found'])
    t.deepEqual(refusal(await rest.send<Problem>('DELETE', one)), [404, 'not-found'])
  })

  test(`${collection}: what was read can be put back, and nothing changes`, async (t) => {
    const rest = await withSubnet(t)
    await rest.created(collection, input)
    const before = await rest.get(one)
    const put = await rest.send('PUT', one, before.body)
    t.is(put.status, 200)
    t.deepEqual(wrote(put), before.body)
    t.is(put.headers.etag, before.headers.etag)
  })

  test(`${collection}: PUT creates what is not there and replaces what is`, async (t) => {
    const rest = await withSubnet(t)
    const { ...nameless }: Record<string, unknown> = input
    delete nameless.name
    delete nameless.cidr
    t.is((await rest.send('PUT', one, nameless)).status, 201, 'the URL names it')
    await rest.send('PATCH', one, patch)
    const replaced = await rest.send('PUT', one, input)
    t.is(replaced.status, 200)
    t.deepEqual(wrote(replaced), becomes)
  })

  test(`${collection}: PATCH changes what it names and no more; null removes`, async (t) => {
    const rest = await withSubnet(t)
    await rest.created(collection, input)
    for (const type of ['application/json', 'application/merge-patch+json']) {
      const { status, body } = await rest.send('PATCH', one, JSON.stringify(patch), { 'content-type': type })
      t.is(status, 200, type)
      const expected = Object.entries({ ...becomes, ...patched }).filter(([, value]) => value !== undefined)
      t.deepEqual({ ...body, replicated: undefined }, { ...Object.fromEntries(expected), replicated: undefined })
    }
    t.deepEqual(refusal(await rest.send<Problem>('PATCH', `${collection}/nowhere`, {})).slice(0, 1), [
      collection === '/subnets' ? 400 : 404
    ])
  })

  test(`${collection}: a name that is there already is taken`, async (t) => {
    const rest = await withSubnet(t)
    await rest.created(collection, input)
    t.deepEqual(refusal(await rest.send<Problem>('POST', collection, input)), [409, 'taken'])
  })

  test(`${collection}: every field of a wrong shape is named, and nothing is written`, async (t) => {
    const rest = await withSubnet(t)
    const before = (await rest.get(collection)).body.total
    const body = collection === '/subnets' ? { cidr: key, ...wrong } : { name: key, ...wrong }
    t.deepEqual(refusal(await rest.send<Problem>('POST', collection, body)), [400, 'invalid', ...fields])
    t.deepEqual(refusal(await rest.send<Problem>('PUT', one, wrong)), [400, 'invalid', ...fields])
    t.is((await rest.get(collection)).body.total, before)
  })

  test(`${collection}: a write against a version that is no more is refused`, async (t) => {
    const rest = await withSubnet(t)
    const { headers } = await rest.created(collection, input)
    const old = { 'if-match': String(headers.etag) }
    const changed = await rest.send('PATCH', one, patch, old)
    t.is(changed.status, 200)
    t.not(changed.headers.etag, headers.etag)
    for (const [method, body] of [
      ['PATCH', patch],
      ['PUT', input],
      ['DELETE', undefined]
    ] as const) {
      t.deepEqual(refusal(await rest.send<Problem>(method, one, body, old)), [412, 'stale'], method)
    }
    t.deepEqual(await (await rest.get(one)).headers.etag, changed.headers.etag)
    t.is((await rest.send('DELETE', one, undefined, { 'if-match': `"x", ${changed.headers.etag}` })).status, 200)
  })

  test(`${collection}: If-Match of something that is not there is stale, and creates nothing`, async (t) => {
    const rest = await withSubnet(t)
    t.deepEqual(refusal(await rest.send<Problem>('PUT', one, input, { 'if-match': '*' })), [412, 'stale'])
    t.is((await rest.get(one)).status, 404)
  })

  test(`${collection}: an entity is an object`, async (t) => {
    const rest = await withSubnet(t)
    const json = { 'content-type': 'application/json' }
    for (const body of ['[]', 'null', '"text"', '5']) {
      for (const [method, path] of [
        ['POST', collection],
        ['PUT', one],
        ['PATCH', one]
      ] as const) {
        if (method === 'PATCH') await rest.send('PUT', one, input)
        const refused = refusal(await rest.send<Problem>(method, path, body, json))
        t.deepEqual(refused, [400, 'invalid', 'the body'], `${method} ${body}`)
      }
    }
  })

  test(`${collection}: there is no renaming`, async (t) => {
    const rest = await withSubnet(t)
    await rest.created(collection, input)
    const field = collection === '/subnets' ? 'cidr' : 'name'
    const renamed = { ...input, [field]: field === 'cidr' ? '10.79.0.0/24' : 'other' }
    t.deepEqual(refusal(await rest.send<Problem>('PUT', one, renamed)), [400, 'invalid', field])
  })
}

test('the global settings are read, replaced and changed; they never come or go', async (t) => {
  const { rest } = await startTandem(t)
  const before = await rest.get('/global')
  t.deepEqual(before.body, { options: {}, vars: {} })
  const input = { options: { 'ntp-servers': '10.0.0.1', routers: null }, vars: { locale: 'C' } }
  const canonical = { ...input, options: { 'ntp-servers': ['10.0.0.1'], routers: null } }
  const put = await rest.send('PUT', '/global', input)
  t.is(put.status, 200)
  t.deepEqual(wrote(put), canonical)
  t.deepEqual((await rest.get('/global')).body, canonical)
  const patched = await rest.send('PATCH', '/global', { options: { 'ntp-servers': null }, vars: { user: 'ops' } })
  t.deepEqual(wrote(patched), { options: { routers: null }, vars: { locale: 'C', user: 'ops' } })
  const old = { 'if-match': String(put.headers.etag) }
  t.deepEqual(refusal(await rest.send<Problem>('PUT', '/global', {}, old)), [412, 'stale'])
  t.deepEqual(wrote(await rest.send('PUT', '/global', {})), before.body)
  for (const method of ['POST', 'DELETE'] as const) t.is((await rest.send(method, '/global')).status, 404)
})

for (const [path, body, fields] of [
  ['/global', { options: { router: '10.0.0.1', routers: 'x' } }, ['options.router', 'options.routers']],
  ['/global', { colour: 'red', vars: { UPPER: 1 } }, ['colour', 'vars.UPPER']],
  ['/classes/pxe', { match: {}, options: { 300: '0x01' } }, ['match', 'options.300']],
  ['/roles/db', { options: { 'dhcp-lease-time': 60 } }, ['options.dhcp-lease-time']],
  [
    '/subnets/10.79.0.0%2F24',
    { pools: [{ from: '10.79.0.1', to: '10.79.0.9', options: { 224: 'zz' } }], options: { 'log-servers': [] } },
    ['options.log-servers', 'pools[0].options.224']
  ],
  [
    '/machines/db1',
    { interfaces: [{ mac: '52:54:00:00:00:0b' }], options: { 'classless-static-routes': [{ to: 'x' }] } },
    ['options.classless-static-routes[0].to', 'options.classless-static-routes[0].via']
  ]
] as const) {
  test(`wrong options are named, each: ${path} ${JSON.stringify(Object.keys(body))}`, async (t) => {
    const rest = await withSubnet(t)
    t.deepEqual(refusal(await rest.send<Problem>('PUT', path, body)), [400, 'invalid', ...fields])
  })
}

for (const [path, user] of [
  ['/subnets/10.77.0.0%2F24', 'machine web1'],
  ['/roles/web', 'machine web1'],
  ['/images/debian-12', 'role web']
] as const) {
  test(`${path} can't be removed while ${user} refers to it`, async (t) => {
    const { rest } = await startSite(t)
    const answer = await rest.send<Problem>('DELETE', path)
    t.deepEqual(refusal(answer), [409, 'in-use'])
    t.regex(answer.body.detail, new RegExp(`is used by ${user}`))
    t.is((await rest.get(path)).status, 200)
  })
}

for (const [rule, machine, expected] of [
  ["another's MAC", { name: 'db1', interfaces: [{ mac: MAC }] }, [409, 'taken']],
  ["another's address", { name: 'db1', interfaces: [{ mac: '52:54:00:00:00:0b', ipv4: '10.77.0.2' }] }, [409, 'taken']],
  [
    "the gateway's address",
    { name: 'db1', interfaces: [{ mac: '52:54:00:00:00:0b', ipv4: '10.77.0.1' }] },
    [409, 'taken']
  ],
  [
    'a MAC twice',
    { name: 'db1', interfaces: [{ mac: '52:54:00:00:00:0b' }, { mac: '5254.0000.000b' }] },
    [400, 'invalid', 'interfaces']
  ],
  ['a group MAC', { name: 'db1', interfaces: [{ mac: 'ff:ff:ff:ff:ff:ff' }] }, [400, 'invalid', 'interfaces[0].mac']],
  [
    'an unknown role',
    { name: 'db1', role: 'nobody', interfaces: [{ mac: '52:54:00:00:00:0b' }] },
    [400, 'invalid', 'role']
  ],
  [
    'an unknown image',
    { name: 'db1', image: 'nix', interfaces: [{ mac: '52:54:00:00:00:0b' }] },
    [400, 'invalid', 'image']
  ]
] as const) {
  test(`a machine can't have ${rule}`, async (t) => {
    const { rest } = await startSite(t)
    t.deepEqual(refusal(await rest.send<Problem>('POST', '/machines', machine)), expected as unknown as unknown[])
    t.is((await rest.get('/machines')).body.total, 1)
  })
}

test('machines are listed by state, role, image, MAC and part of the name, a page at a time', async (t) => {
  const { rest } = await startSite(t)
  for (const number of [3, 1, 2]) {
    await rest.created('/machines', { name: `db${number}`, interfaces: [{ mac: `52:54:00:00:01:0${number}` }] })
  }
  await rest.send('POST', '/machines/web1/install')
  const names = async (query: string) => {
    const { body } = await rest.get<{ items: { name: string }[]; total: number }>(`/machines?${query}`)
    return [body.total, ...body.items.map(({ name }) => name)]
  }
  t.deepEqual(await names(''), [4, 'db1', 'db2', 'db3', 'web1'])
  t.deepEqual(await names('limit=2&offset=1'), [4, 'db2', 'db3'])
  t.deepEqual(await names('offset=9'), [4])
  t.deepEqual(await names('state=install%20requested'), [1, 'web1'])
  t.deepEqual(await names('role=web&name=eb'), [1, 'web1'])
  t.deepEqual(await names('image=debian-12'), [0], 'the image is of its role, not its own')
  t.deepEqual(await names('mac=5254.0000.0102'), [1, 'db2'])
  t.deepEqual(await names('name=db&state=registered'), [3, 'db1', 'db2', 'db3'])
})

for (const [path, fields] of [
  ['/machines?limit=many', ['querystring.limit']],
  ['/machines?limit=-1&colour=red', ['querystring.colour', 'querystring.limit']],
  ['/roles?state=x', ['querystring.state']],
  ['/machines?mac=junk', ['mac']]
] as const) {
  test(`${path} is a wrong question`, async (t) => {
    const rest = await withSubnet(t)
    t.deepEqual(refusal(await rest.get<Problem>(path)), [400, 'invalid', ...fields])
  })
}

test('a kernel is taken for a kernel only if it is one, of the right architecture, and uploaded', async (t) => {
  const { rest, folder } = await startTandem(t)
  const { kernel, initrd } = addNetbootFolder(folder)
  const named = ({ name, sha256, bytes }: typeof kernel) => ({ name, sha256, size: bytes.length })
  const image = (change: object) => ({
    name: 'debian-12',
    family: 'debian',
    release: 'bookworm',
    architecture: 'amd64',
    kernel: named(kernel),
    initrd: named(initrd),
    ...change
  })
  const post = async (change: object = {}) => refusal(await rest.send<Problem>('POST', '/images', image(change)))
  t.deepEqual(await post(), [400, 'invalid', 'initrd', 'kernel'])
  for (const { sha256, bytes } of [kernel, initrd]) t.is((await rest.upload(sha256, bytes)).status, 201)
  t.deepEqual(await post({ architecture: 'arm64' }), [400, 'invalid', 'kernel'])
  t.deepEqual(await post({ kernel: named(initrd) }), [400, 'invalid', 'kernel'])
  t.deepEqual(await post({ initrd: { ...named(initrd), size: 7 } }), [400, 'invalid', 'initrd.size'])
  t.deepEqual(await post({ initrd: undefined }), [400, 'invalid', 'initrd'])
  t.deepEqual(await post(), [201, undefined])
})

test('an upload that is not what its name says is not kept', async (t) => {
  const { rest } = await startTandem(t)
  const sha256 = 'f'.repeat(64)
  t.is((await rest.upload(sha256, Buffer.from('x'))).status, 400)
  t.is((await rest.upload('junk', Buffer.from('x'))).status, 400)
  t.is((await rest.send('HEAD', `/files/${sha256}`)).status, 404)
})

test('registering a discovered machine takes its place, with what it told', async (t) => {
  const { rest, machines } = await startSite(t)
  const mac = '52:54:00:00:00:ff'
  await rest.created('/simulations', { mac, address: '127.0.0.1' })
  await machines.get(`/boot/${mac}/facts?serial=SN-7`)
  const { body } = await rest.created('/machines', { name: 'new1', interfaces: [{ mac }] })
  t.like(body, { state: 'registered', facts: { serial: 'SN-7' } })
  t.is((await rest.get('/machines/new-5254000000ff')).status, 404)
})
