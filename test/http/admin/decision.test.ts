import { rmSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { eventually } from '../../daemon/eventually.ts'
import type { Problem } from '../../daemon/rest.ts'
import { handshake, MAC, type Running, startSite, startTandem } from '../../daemon/running.ts'

type Explanation = {
  machine: string | null
  state: string | null
  action: string
  reasons: string[]
  dhcp: { answer: string; address?: string; boot?: { kind: string; file?: string; url?: string } | null }
  vars: Record<string, { value: unknown; source: string }>
}

const explain = async ({ rest }: Running, query = '') =>
  (await rest.get<Explanation>(`/machines/web1/explain${query}`)).body

const act = async ({ rest }: Running, action: string) => {
  const { status, body } = await rest.send('POST', `/machines/web1/${action}`)
  return [status, body.state ?? body.code, body.generation]
}

type Loading = Explanation & { loader: { file: string | null; reasons: string[] } }

test('each act of an administrator begins a generation; what the state does not allow is refused', async (t) => {
  const site = await startSite(t)
  t.deepEqual(await act(site, 'cancel'), [409, 'wrong-state', undefined])
  t.deepEqual(await act(site, 'install'), [202, 'install requested', 1])
  t.deepEqual(await act(site, 'install'), [202, 'install requested', 2])
  t.deepEqual(await act(site, 'cancel'), [202, 'registered', 3])
  t.deepEqual(await act(site, 'retire'), [202, 'retired', 4])
  t.deepEqual(await act(site, 'install'), [409, 'wrong-state', undefined])
  t.is((await site.rest.send('POST', '/machines/nobody/install')).status, 404)
})

test('explain says what a machine would get, why, and what DHCP would offer', async (t) => {
  const site = await startSite(t)
  t.like(await explain(site), { machine: 'web1', state: 'registered', action: 'local' })
  await act(site, 'install')
  const { action, reasons, dhcp } = await explain(site)
  t.is(action, 'install')
  t.true(reasons.includes('image debian-12, of role web'))
  t.like(dhcp, { answer: 'offer', address: '10.77.0.2' })
  t.like(dhcp.boot, { kind: 'script', url: `${site.machines.url}/boot/${MAC}/ipxe` })
})

for (const [firmware, boot] of [
  ['bios', { kind: 'tftp', file: 'undionly.kpxe' }],
  ['uefi-x64', { kind: 'tftp', file: 'ipxe.efi' }],
  ['uefi-arm64', { kind: 'tftp', file: 'ipxe-arm64.efi' }],
  ['uefi-http', { kind: 'http' }],
  ['uefi-http-arm64', { kind: 'http' }],
  ['ipxe', { kind: 'script' }]
] as const) {
  test(`explain answers for the firmware ${firmware}`, async (t) => {
    t.like((await explain(await startSite(t), `?firmware=${firmware}`)).dhcp.boot, boot)
  })
}

test('a machine that is to get GRUB is explained, and what GRUB and pxelinux would be told is rendered', async (t) => {
  const site = await startSite(t)
  const { rest } = site
  await act(site, 'install')
  t.is((await rest.send('PATCH', '/machines/web1', { loader: 'grub' })).status, 200)
  const explained = (firmware: string) => rest.get<Loading>(`/machines/web1/explain?firmware=${firmware}`)
  const reasons = ['its loader is set to grub', "it gets Debian's signed GRUB"]
  t.like((await explained('uefi-x64')).body, {
    loader: { file: 'grub/shimx64.efi', reasons },
    dhcp: { boot: { kind: 'tftp', file: 'grub/shimx64.efi' } }
  })
  rmSync(join(site.config.signedLoaders, 'grubx64.efi'))
  const { loader, dhcp } = (await explained('uefi-x64')).body
  t.regex(loader.reasons.at(-1) ?? '', /^no boot file: .* needs \/\S+\/grubx64\.efi, which Debian's package \S+ has$/)
  t.is(dhcp.boot, null)
  for (const [language, line] of [
    ['grub', /^if linux '\(tftp,127\.\S+\)\/boot\/files\/debian-12\/\w+\/linux'/m],
    ['pxelinux', /^KERNEL ::boot\/files\/debian-12\/\w+\/linux$/m]
  ] as const)
    t.regex(String((await rest.get(`/machines/web1/render/${language}`)).body.text), line)
})

test('explain and render have no effect', async (t) => {
  const site = await startSite(t)
  await act(site, 'install')
  for (let time = 0; time < 3; time += 1) {
    await explain(site)
    await site.rest.get('/machines/web1/render/ipxe')
  }
  t.deepEqual((await site.rest.get('/machines/web1/attempts')).body.items, [])
  t.deepEqual((await site.rest.get('/leases')).body.items, [])
  t.is((await explain(site)).action, 'install')
})

test('a MAC that nobody registered is explained too', async (t) => {
  const { rest } = await startSite(t)
  const { body } = await rest.get<Explanation>('/explain?mac=5254.0000.00ff&firmware=bios')
  t.like(body, { machine: null, state: null, action: 'discover' })
  t.like((await rest.get<Explanation>(`/explain?mac=${MAC}`)).body, { machine: 'web1' })
})

test('where there is no subnet, DHCP is silent', async (t) => {
  const { rest } = await startTandem(t)
  const { body } = await rest.get<Explanation>(`/explain?mac=${MAC}`)
  t.like(body, { action: 'ignore', dhcp: { answer: 'silence' } })
})

for (const [path, status, code] of [
  ['/explain', 400, 'invalid'],
  ['/explain?mac=junk', 400, 'invalid'],
  [`/explain?mac=${MAC}&firmware=coreboot`, 400, 'invalid'],
  ['/machines/nobody/explain', 404, 'not-found'],
  ['/machines/nobody/render/ipxe', 404, 'not-found'],
  ['/machines/web1/render/passwd', 400, 'invalid']
] as const) {
  test(`${path}: ${code}`, async (t) => {
    const answer = await (await startSite(t)).rest.get<Problem>(path)
    t.deepEqual([answer.status, answer.body.code], [status, code])
  })
}

test('a rendered preseed has the machine in it, and neither a secret nor a token that opens anything', async (t) => {
  const { rest } = await startSite(t)
  await rest.send('PATCH', '/machines/web1', { vars: { root_password_hash: '$6$salt$secret' } })
  const { status, headers, body } = await rest.get('/machines/web1/render/preseed')
  t.is(status, 200)
  t.is(headers['content-type'], 'text/plain; charset=utf-8')
  const text = String(body.text)
  t.regex(text, /get_hostname string web1$/m)
  t.regex(text, /\/boot\/attempts\/TOKEN\/status/)
  t.notRegex(text, /\$6\$/)
  const { vars } = (await rest.get<Explanation>('/machines/web1/explain')).body
  t.deepEqual(vars.root_password_hash, { value: '[redacted]', source: 'machine web1' })
})

test('a variable says which layer it comes from, the most special one', async (t) => {
  const site = await startSite(t)
  const source = async () => (await explain(site)).vars.timezone?.source
  t.is(await source(), 'default')
  for (const [path, expected] of [
    ['/subnets/10.77.0.0%2F24', 'subnet 10.77.0.0/24'],
    ['/images/debian-12', 'image debian-12'],
    ['/roles/web', 'role web'],
    ['/machines/web1', 'machine web1']
  ] as const) {
    await site.rest.send('PATCH', path, { vars: { timezone: 'Europe/Oslo' } })
    t.is(await source(), expected)
  }
})

test('events tell each step of a boot and each change, by whom', async (t) => {
  const site = await startSite(t)
  await handshake(site)
  await site.machines.get(`/boot/${MAC}/ipxe`)
  const events = async (query: string) =>
    (await site.rest.get<{ items: Record<string, unknown>[] }>(`/events?${query}`)).body.items
  await eventually(t, async (tt) => tt.true((await events('type=http')).length > 0))
  t.deepEqual((await events('type=inventory')).map(({ actor, message }) => [actor, message]).at(-1), [
    'admin',
    'machine web1 created'
  ])
  const steps = await events('mac=52-54-00-00-00-0A&type=dhcp')
  t.is(steps.length, 2)
  t.regex(String(steps[0]?.message), /^DISCOVER .* -> OFFER 10\.77\.0\.2/)
  t.like(steps[0], { machine: 'web1', mac: MAC })
  const all = await events('limit=1000')
  const [last] = await events('limit=1')
  t.is(last?.id, all.at(-1)?.id)
  t.deepEqual(await events(`after=${last?.id}`), [])
  t.is((await site.rest.get('/events?limit=-1')).status, 400)
  t.is((await site.rest.get('/events?mac=junk')).status, 400)
})
