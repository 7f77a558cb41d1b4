import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { tandem } from '../../cli/command.ts'
import { handshake, MAC, type Running, startSite } from '../../daemon/running.ts'

type Row = Record<string, unknown>
const UNKNOWN = '52:54:00:00:00:ff'

const leases = async ({ rest }: Running, query = '') => (await rest.get<{ items: Row[] }>(`/leases${query}`)).body.items

const imported = (address: string, mac: string, hours = 1) => ({
  address,
  mac,
  expiresAt: new Date(Date.now() + hours * 3_600_000).toISOString()
})

test('leases are listed by client, machine, subnet, state, and page by page', async (t) => {
  const site = await startSite(t)
  await handshake(site)
  await handshake(site, UNKNOWN)
  const [fixed, pooled] = await leases(site)
  t.like(fixed, { address: '10.77.0.2', mac: MAC, machine: 'web1', kind: 'fixed', state: 'active', owner: 'a' })
  t.like(pooled, { mac: UNKNOWN, machine: null, kind: 'pool' })
  for (const [query, expected] of [
    ['?mac=52-54-00-00-00-0A', [fixed]],
    ['?machine=web1', [fixed]],
    ['?subnet=10.77.0.0/24', [fixed, pooled]],
    ['?subnet=10.99.0.0/24', []],
    ['?state=active', [fixed, pooled]],
    ['?state=declined', []],
    ['?limit=1', [fixed]],
    ['?limit=1&offset=1', [pooled]]
  ] as const) {
    t.deepEqual(await leases(site, query), expected as never, query)
  }
  t.is((await site.rest.get('/leases?mac=junk')).status, 400)
  t.is((await site.rest.get('/leases?machine=nobody')).status, 404)
})

test('a lease that is released is over, once, and its client is told of by an event', async (t) => {
  const site = await startSite(t)
  await handshake(site, UNKNOWN)
  const address = String((await leases(site))[0]?.address)
  t.like(await site.rest.send('DELETE', `/leases/${address}`), { status: 200, body: { address, replicated: false } })
  t.like((await leases(site))[0], { address, state: 'released' })
  t.is((await site.rest.send('DELETE', `/leases/${address}`)).status, 404)
  t.is((await site.rest.send('DELETE', '/leases/junk')).status, 400)
  const events = (await site.rest.get<{ items: Row[] }>('/events?type=lease')).body.items
  t.like(events[0], { mac: UNKNOWN, address, message: `lease of ${address}, active, ended by hand` })
})

test('leases of another server are taken over, but for those that clash', async (t) => {
  const site = await startSite(t)
  await handshake(site, UNKNOWN)
  const held = String((await leases(site))[0]?.address)
  const wanted = [
    imported('10.77.0.150', '52:54:00:00:00:01'),
    imported('10.77.0.2', '52:54:00:00:00:02'),
    imported(held, '52:54:00:00:00:03'),
    imported('192.0.2.1', '52:54:00:00:00:04'),
    imported('10.77.0.151', '52:54:00:00:00:05', -1)
  ]
  const take = async () =>
    (await site.rest.send<{ taken: number; skipped: Row[] }>('POST', '/leases/import', { leases: wanted })).body
  const first = await take()
  t.is(first.taken, 1)
  t.deepEqual(
    first.skipped.map(({ reason }) => reason),
    [
      'the address belongs to machine web1',
      `the address is under a lease of ${UNKNOWN} here`,
      'no subnet holds the address',
      'it has ended'
    ]
  )
  t.like((await leases(site, '?mac=52:54:00:00:00:01'))[0], { address: '10.77.0.150', state: 'active' })
  t.is((await take()).taken, 0)
  const { status, body } = await site.rest.send<{ errors: Row[] }>('POST', '/leases/import', {
    leases: [imported('10.77.0.300', MAC)]
  })
  t.is(status, 400)
  t.is(body.errors[0]?.field, 'leases[0].address')
})

test('the command line lists, releases and takes over leases', async (t) => {
  const site = await startSite(t)
  const { state } = site.config
  const file = join(state, 'dnsmasq.leases')
  const expiry = Math.floor(Date.now() / 1000) + 600
  writeFileSync(file, `${expiry} 52:54:00:00:00:01 10.77.0.150 box *\njunk\n`)
  const ran = (...args: string[]) => tandem(['--state', state, 'leases', ...args])
  t.deepEqual(await ran('import', file), {
    status: 0,
    out: '1 lease taken over, 0 skipped',
    err: `${file}:2: ignored: not "EXPIRY MAC ADDRESS NAME CLIENT-ID"`
  })
  t.like(JSON.parse((await ran('--mac', '525400000001', '--json')).out)[0], { address: '10.77.0.150', hostName: 'box' })
  t.is((await ran('release', '10.77.0.150')).out, 'lease of 10.77.0.150 ended')
  t.is((await ran()).out, 'none')
  t.regex((await ran('--status', 'released')).out, /10\.77\.0\.150 .* released/)
  t.is((await ran('release', '10.77.0.150')).status, 1)
  t.is((await ran('import', join(state, 'tandem.sqlite'))).status, 1)
  t.is((await ran('import', file, '--format', 'kea')).status, 2)
})
