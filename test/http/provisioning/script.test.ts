import test, { type ExecutionContext } from 'ava'
import { handshake, MAC, type Running, startSite } from '../../daemon/running.ts'

const SCRIPT = `/boot/${MAC}/ipxe`
const STRANGER = '52:54:00:00:00:ff'

/** An administrator lets the test speak for a machine, as for a simulated boot. */
async function vouch({ rest }: Running, mac = MAC): Promise<void> {
  await rest.created('/simulations', { mac, address: '127.0.0.1' })
}

async function installRequested(t: ExecutionContext): Promise<Running> {
  const site = await startSite(t)
  await site.rest.send('POST', '/machines/web1/install')
  return site
}

const stateOf = async ({ rest }: Running) => (await rest.get('/machines/web1')).body.state

test('a registered machine is told to boot from its disk', async (t) => {
  const { machines } = await startSite(t)
  const { status, headers, text } = await machines.get(SCRIPT)
  t.is(status, 200)
  t.is(headers['content-type'], 'text/plain; charset=utf-8')
  t.is(headers['cache-control'], 'no-store')
  t.is(text.split('\n')[0], '#!ipxe')
  t.regex(text, /no install was requested/)
  t.notRegex(text, /kernel/)
})

for (const spelling of ['52-54-00-00-00-0A', '5254.0000.000a', '52540000000A', '52%3A54%3a00:00:00:0a']) {
  test(`a MAC spelt ${spelling} is the same machine`, async (t) => {
    const { machines } = await startSite(t)
    t.regex((await machines.get(`/boot/${spelling}/ipxe`)).text, /is web1/)
  })
}

for (const junk of ['junk', '52:54:00:00:00', '52:54:00:00:00:0g', '%00', '..', `${MAC}:00`, 'ipxe', '%C3%A9']) {
  test(`"${junk}" is no MAC: 400, naming the field`, async (t) => {
    const { machines } = await startSite(t)
    const { status, headers, body } = await machines.get(`/boot/${junk}/ipxe`)
    t.is(status, 400)
    t.is(headers['content-type'], 'application/problem+json; charset=utf-8')
    t.is(body.code, 'invalid')
    t.regex(body.errors?.[0]?.field ?? '', /mac$/)
  })
}

test('the installer is handed to an address that speaks for the machine, to no other', async (t) => {
  const site = await installRequested(t)
  const stranger = (await site.machines.get(SCRIPT)).text
  t.regex(stranger, /127\.0\.0\.1 is not its address, as far as is known: no installer is handed to it/)
  t.notRegex(stranger, /attempts/)
  await vouch(site)
  t.regex((await site.machines.get(SCRIPT)).text, /^kernel .* url=\S+\/boot\/attempts\/[\w-]{43}\/preseed /m)
})

test('URLs are made from the configured address, never from Host', async (t) => {
  const site = await installRequested(t)
  await vouch(site)
  const { text } = await site.machines.get(SCRIPT, { host: 'evil.example:1', 'x-forwarded-host': 'evil.example' })
  const urls = text.match(/http:\/\/[^/\s]+/g) ?? []
  t.true(urls.length >= 3)
  t.deepEqual([...new Set(urls)], [site.machines.url])
  const [preseed = ''] = /\/boot\/attempts\/[\w-]+\/preseed/.exec(text) ?? []
  const file = await site.machines.get(preseed, { host: 'evil.example:1' })
  t.is(file.status, 200)
  t.notRegex(file.text, /evil/)
})

test('asking for the script changes no state, and is one attempt however often it is asked for', async (t) => {
  const site = await installRequested(t)
  await handshake(site)
  await vouch(site)
  const first = (await site.machines.get(SCRIPT)).text
  const second = (await site.machines.get(SCRIPT)).text
  t.not(first, second)
  t.is(await stateOf(site), 'install requested')
  const { body } = await site.rest.get<{ items: unknown[] }>('/machines/web1/attempts')
  t.is(body.items.length, 1)
  t.like(body.items[0] as object, { machine: 'web1', mac: MAC, address: '127.0.0.1', stage: 'offered' })
})

test('HEAD of a script would mint a token for nobody: there is none', async (t) => {
  const { machines } = await startSite(t)
  t.is((await machines.send('HEAD', SCRIPT)).status, 404)
  t.is((await machines.send('POST', SCRIPT, '')).status, 404)
})

test('what a stranger tells in a query makes a discovered machine', async (t) => {
  const site = await startSite(t)
  await vouch(site, STRANGER)
  const query = 'serial=SN%201&uuid=44454c4c&product=&manufacturer=A%26B&bogus=1&hostname=%1b[31mred%00'
  const { status, text } = await site.machines.get(`/boot/${STRANGER}/facts?${query}`)
  t.deepEqual([status, text], [200, 'known as new-5254000000ff\n'])
  const { body } = await site.rest.get('/machines/new-5254000000ff')
  t.is(body.state, 'discovered')
  t.deepEqual(body.facts, { uuid: '44454c4c', serial: 'SN 1', manufacturer: 'A&B', hostname: '[31mred' })
})

for (const [how, body, type] of [
  ['JSON', '{"serial":"SN-1","asset":7}', 'application/json'],
  ['a form', 'serial=SN-1&bogus=2', 'application/x-www-form-urlencoded']
] as const) {
  test(`facts can be posted as ${how}; those of a registered machine are kept beside it`, async (t) => {
    const site = await startSite(t)
    await vouch(site)
    const { status, text } = await site.machines.send('POST', `/boot/${MAC}/facts`, body, { 'content-type': type })
    t.deepEqual([status, text], [200, 'known as web1\n'])
    const shown = (await site.rest.get('/machines/web1')).body
    t.deepEqual(shown.facts, { serial: 'SN-1' })
    t.is(shown.serial, undefined)
  })
}

test('a fact is at most 128 characters, whatever is sent', async (t) => {
  const site = await startSite(t)
  await vouch(site)
  await site.machines.send('POST', `/boot/${MAC}/facts`, `serial=${'x'.repeat(5000)}`)
  t.deepEqual((await site.rest.get('/machines/web1')).body.facts, { serial: 'x'.repeat(128) })
})

test('an address without the lease of a MAC tells nothing of it', async (t) => {
  const { machines, rest } = await startSite(t)
  for (const mac of [MAC, STRANGER]) {
    const { status, body } = await machines.get(`/boot/${mac}/facts?serial=1`)
    t.deepEqual([status, body.code], [403, 'no-lease'])
  }
  t.is((await rest.get('/machines')).body.total, 1)
})
