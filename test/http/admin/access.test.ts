import test from 'ava'
import type { Problem } from '../../daemon/rest.ts'
import { MAC, startSite, startTandem } from '../../daemon/running.ts'

type OpenApi = { openapi: string; paths: Record<string, Record<string, { requestBody?: unknown; security?: unknown }>> }

/** All of REST; a route that is added must be added here. */
const ROUTES = [
  'DELETE /api/v1/leases/{address}',
  'GET /api/v1/backup',
  'GET /api/v1/capture',
  'GET /api/v1/events',
  'GET /api/v1/exchanges',
  'GET /api/v1/explain',
  'GET /api/v1/export',
  'GET /api/v1/leases',
  'GET /api/v1/machines/{name}/attempts',
  'GET /api/v1/machines/{name}/explain',
  'GET /api/v1/machines/{name}/render/{file}',
  'GET /api/v1/simulations/{mac}',
  'GET /api/v1/transfers',
  'GET /health/live',
  'GET /health/ready',
  'POST /api/v1/apply',
  'POST /api/v1/leases/import',
  'POST /api/v1/machines/{name}/cancel',
  'POST /api/v1/machines/{name}/install',
  'POST /api/v1/machines/{name}/retire',
  'POST /api/v1/simulations',
  'PUT /api/v1/files/{sha256}',
  ...['pair', 'conflicts'].map((each) => `GET /api/v1/${each}`),
  ...['drain', 'forget', 'invite', 'join', 'leave', 'partner-down', 'resume'].map(
    (each) => `POST /api/v1/pair/${each}`
  ),
  'POST /api/v1/conflicts/settle',
  ...['GET', 'PATCH', 'PUT'].map((method) => `${method} /api/v1/global`),
  ...['classes', 'images', 'machines', 'roles', 'subnets'].flatMap((each) => [
    `GET /api/v1/${each}`,
    `POST /api/v1/${each}`,
    ...['DELETE', 'GET', 'PATCH', 'PUT'].map((method) => `${method} /api/v1/${each}/{key}`)
  ])
]

const routesOf = ({ paths }: OpenApi) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((each) => `${each.toUpperCase()} ${path}`)
  )

test('openapi.json names every route, and what each write takes', async (t) => {
  const { rest } = await startTandem(t)
  const { body } = await rest.get<OpenApi>('/openapi.json')
  t.regex(body.openapi, /^3\./)
  t.deepEqual(routesOf(body).sort(), ROUTES.sort())
  for (const path of ['/api/v1/machines/{key}', '/api/v1/subnets/{key}']) {
    for (const method of ['put', 'patch']) t.truthy(body.paths[path]?.[method]?.requestBody, `${method} ${path}`)
  }
})

test('nothing of the API is told without a valid token', async (t) => {
  const { rest, token } = await startTandem(t)
  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    `Basic ${token}`,
    token,
    `Bearer ${token}x`,
    `Bearer x ${token}`
  ]
  for (const route of [...ROUTES.filter((each) => each.includes('/api/v1/')), 'GET /api/v1/openapi.json']) {
    const [method = '', path = ''] = route.split(' ')
    const where = path.replace('/api/v1', '').replace(/\{\w+\}/g, 'x')
    const { status, headers, body } = await rest.send<Problem>(method, where, undefined, { authorization: 'Bearer x' })
    t.deepEqual([status, body.code, headers['www-authenticate']], [401, 'unauthorized', 'Bearer'], route)
    t.is(headers['content-type'], 'application/problem+json; charset=utf-8')
  }
  for (const authorization of wrong) {
    t.is((await rest.get('/machines', { authorization })).status, 401, authorization)
  }
  t.is((await rest.get('/machines', { authorization: `bearer ${token}` })).status, 200, 'schemes know no case')
})

test("a machine's token is no administrator's", async (t) => {
  const { rest, machines } = await startSite(t)
  await rest.send('POST', '/machines/web1/install')
  await rest.created('/simulations', { mac: MAC, address: '127.0.0.1' })
  const { text } = await machines.get(`/boot/${MAC}/ipxe`)
  const [, token = ''] = /attempts\/([\w-]+)/.exec(text) ?? []
  t.is(token.length, 43)
  t.is((await rest.get('/machines', { authorization: `Bearer ${token}` })).status, 401)
})

test('the two sides share no route', async (t) => {
  const { rest, machines, token } = await startSite(t)
  const headers = { authorization: `Bearer ${token}` }
  const { body } = await rest.get<OpenApi>('/openapi.json')
  for (const route of [...routesOf(body), 'GET /metrics', 'GET /api/v1/openapi.json', 'GET /']) {
    const [method = '', path = ''] = route.split(' ')
    const answer = await machines.send(method, path.replace(/\{\w+\}/g, 'web1'), undefined, headers)
    t.deepEqual([answer.status, answer.body.code], [404, 'not-found'], route)
  }
  for (const path of [`/boot/${MAC}/ipxe`, '/boot/loaders/ipxe.efi', `/api/v1/boot/${MAC}/ipxe`]) {
    t.is((await rest.open(path)).status, 404, path)
  }
})

test('a supervisor and a monitor ask without a token', async (t) => {
  const { rest, machines } = await startSite(t)
  await machines.get(`/boot/${MAC}/ipxe`)
  await machines.get('/boot/junk/ipxe')
  t.like(await rest.open('/health/live'), { status: 200, body: { status: 'ok' } })
  t.like(await rest.open('/health/ready'), { status: 200, body: { status: 'ok' } })
  const { status, headers, body } = await rest.open('/metrics')
  t.is(status, 200)
  t.is(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  const lines = String(body.text).split('\n')
  for (const line of [
    'tandem_steps_total{protocol="http",outcome="local"} 1',
    'tandem_steps_total{protocol="http",outcome="status-400"} 1',
    'tandem_machines{state="registered"} 1',
    'tandem_leases_active 0'
  ]) {
    t.true(lines.includes(line), line)
  }
})

for (const [rule, method, path, body, type, expected] of [
  ['broken JSON', 'POST', '/roles', '{"name":', 'application/json', [400, 'invalid-json']],
  ['no JSON at all', 'POST', '/roles', '', 'application/json', [400, 'invalid-json']],
  [
    'a key that would reach into JavaScript',
    'PATCH',
    '/roles/x',
    '{"__proto__":{}}',
    'application/json',
    [400, 'invalid-json']
  ],
  ['another type', 'POST', '/roles', 'name=x', 'application/x-www-form-urlencoded', [415, 'unsupported-media-type']],
  ['an unknown route', 'GET', '/rolls', undefined, undefined, [404, 'not-found']],
  ['an unknown method', 'DELETE', '/roles', undefined, undefined, [404, 'not-found']],
  ['a broken escape in a URL', 'GET', '/roles/%zz', undefined, undefined, [400, 'invalid']],
  ['a network that is none', 'GET', '/subnets/10.0.0.1%2F24', undefined, undefined, [400, 'invalid']]
] as const) {
  test(`${rule} is a problem with a stable code`, async (t) => {
    const { rest } = await startTandem(t)
    const answer = await rest.send<Problem>(method, path, body, type ? { 'content-type': type } : {})
    t.deepEqual([answer.status, answer.body.code], expected as unknown as unknown[])
    t.is(answer.body.status, answer.status)
    t.is(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
  })
}

test('a body beyond 64 MiB is too large, and the service goes on', async (t) => {
  const { rest } = await startTandem(t)
  const headers = { 'content-type': 'application/json', 'content-length': String((64 << 20) + 1) }
  const answer = await rest.send<Problem>('POST', '/apply', '{', headers)
  t.deepEqual([answer.status, answer.body.code], [413, 'too-large'])
  t.is((await rest.get('/roles')).status, 200)
})
