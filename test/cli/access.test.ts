import { copyFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ownCertificate } from '../../src/tls.ts'
import { temporaryFolder } from '../daemon/files.ts'
import { startTandem } from '../daemon/running.ts'
import { tandem } from './command.ts'

const LIST = ['role', 'list']
const DONE = { status: 0, out: 'none', err: '' }

test('the state folder tells where the service is, and with what token and certificate', async (t) => {
  const { config } = await startTandem(t)
  t.deepEqual(await tandem(['--state', config.state, ...LIST]), DONE)
  t.deepEqual(await tandem([...LIST, '--state', config.state]), DONE, 'the option may stand anywhere')
})

test('TANDEM_URL, TANDEM_TOKEN and TANDEM_CA tell it elsewhere', async (t) => {
  const { config, daemon, token } = await startTandem(t)
  const env = { TANDEM_URL: daemon.adminUrl, TANDEM_TOKEN: token, TANDEM_CA: join(config.state, 'admin.crt') }
  t.deepEqual(await tandem(LIST, env), DONE)
  t.deepEqual(await tandem(LIST, { ...env, TANDEM_URL: `${daemon.adminUrl}/` }), DONE)
})

test('a certificate that nobody vouches for is refused, before the token is sent', async (t) => {
  const { daemon, token } = await startTandem(t)
  const { status, err } = await tandem(LIST, { TANDEM_URL: daemon.adminUrl, TANDEM_TOKEN: token })
  t.is(status, 1)
  t.regex(err, /^tandem: https:\/\/\S+ does not answer \(DEPTH_ZERO_SELF_SIGNED_CERT\)/)
})

/** Another server on a port of its own, with its own certificate. */
async function impostor(t: ExecutionContext, folder: string, answer = '{"items":[]}') {
  const tls = await ownCertificate(folder, '127.0.0.1', Date.now())
  const seen: (string | undefined)[] = []
  const server = createServer(tls, (request, response) => {
    seen.push(request.headers.authorization)
    response.end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

test('the certificate is pinned: a server with another one gets no token', async (t) => {
  const { config, token } = await startTandem(t)
  const { url, seen } = await impostor(t, temporaryFolder(t))
  writeFileSync(join(config.state, 'admin.url'), `${url}\n`)
  const env = { TANDEM_URL: url, TANDEM_TOKEN: token, TANDEM_CA: join(config.state, 'admin.crt') }
  for (const { status, err } of [await tandem(['--state', config.state, ...LIST]), await tandem(LIST, env)]) {
    t.is(status, 1)
    t.regex(err, /does not answer \(DEPTH_ZERO_SELF_SIGNED_CERT\)/)
  }
  t.deepEqual(seen, [])
})

test('a pinned certificate holds under whatever name the service is reached', async (t) => {
  const folder = temporaryFolder(t)
  const { url, seen } = await impostor(t, folder)
  const env = { TANDEM_TOKEN: 'secret', TANDEM_CA: join(folder, 'admin.crt') }
  const named = await tandem(LIST, { ...env, TANDEM_URL: url.replace('127.0.0.1', 'localhost') })
  t.deepEqual(named, DONE)
  t.deepEqual(seen, ['Bearer secret'])
})

test('a wrong token is said in one line', async (t) => {
  const { config, daemon } = await startTandem(t)
  const env = { TANDEM_URL: daemon.adminUrl, TANDEM_TOKEN: 'wrong', TANDEM_CA: join(config.state, 'admin.crt') }
  const { status, err } = await tandem(LIST, env)
  t.is(status, 1)
  t.regex(err, /^tandem: send `Authorization: Bearer TOKEN`.*\(unauthorized\)$/)
})

test('TANDEM_URL without TANDEM_TOKEN is said in one line', async (t) => {
  const { status, err } = await tandem(LIST, { TANDEM_URL: 'https://127.0.0.1:1' })
  t.deepEqual([status, err], [1, 'tandem: TANDEM_URL is set and TANDEM_TOKEN is not: set both'])
})

test('where no service is, that is said in one line', async (t) => {
  const { config, daemon } = await startTandem(t)
  await daemon.close()
  const { status, err } = await tandem(['--state', config.state, ...LIST])
  t.deepEqual([status, err], [1, `tandem: ${daemon.adminUrl} does not answer (ECONNREFUSED): is Tandem running?`])
  const nowhere = await tandem(['--state', temporaryFolder(t), ...LIST])
  t.is(nowhere.status, 1)
  t.regex(nowhere.err, /^tandem: no running Tandem was found in .*: start it with `npm start`/)
})

test('a URL or a certificate that is none is said in one line', async (t) => {
  const folder = temporaryFolder(t)
  const junk = join(folder, 'junk.pem')
  writeFileSync(junk, 'junk')
  for (const env of [
    { TANDEM_URL: 'nonsense', TANDEM_TOKEN: 'x' },
    { TANDEM_URL: 'ftp://127.0.0.1', TANDEM_TOKEN: 'x' },
    { TANDEM_URL: 'https://127.0.0.1:1', TANDEM_TOKEN: 'x', TANDEM_CA: junk },
    { TANDEM_URL: 'https://127.0.0.1:1', TANDEM_TOKEN: 'x', TANDEM_CA: join(folder, 'nothing.pem') },
    { TANDEM_URL: 'https://127.0.0.1:1', TANDEM_TOKEN: 'no\nheader' },
    { TANDEM_URL: 'https://127.0.0.1:1', TANDEM_TOKEN: '' }
  ]) {
    const { status, err } = await tandem(LIST, env)
    t.is(status, 1, JSON.stringify(env))
    t.regex(err, /^tandem: [^\n]+$/)
  }
})

test('a state folder that is named counts, not the environment', async (t) => {
  const { config } = await startTandem(t)
  const env = { TANDEM_URL: 'https://127.0.0.1:1', TANDEM_TOKEN: 'x' }
  t.deepEqual(await tandem(['--state', config.state, ...LIST], env), DONE)
})

test('a server that is no Tandem is said in one line', async (t) => {
  const folder = temporaryFolder(t)
  const { url } = await impostor(t, folder, '<html>')
  const env = { TANDEM_URL: url, TANDEM_TOKEN: 'x', TANDEM_CA: join(folder, 'admin.crt') }
  const { status, err } = await tandem(LIST, env)
  t.deepEqual([status, err], [1, `tandem: ${url} answers something else than Tandem: is it the admin side's URL?`])
})

test("an administrator's own certificate is found in the state folder too", async (t) => {
  const folder = temporaryFolder(t)
  await ownCertificate(folder, '127.0.0.1', Date.now())
  const tls = { cert: join(folder, 'admin.crt'), key: join(folder, 'admin.key') }
  const { config } = await startTandem(t)
  const second = await startTandem(t, { admin: { ...config.admin, port: config.admin.port + 1, tls } })
  t.deepEqual(await tandem(['--state', second.config.state, ...LIST]), DONE)
  const kept = join(folder, 'old')
  copyFileSync(join(second.config.state, 'admin.crt'), kept)
  unlinkSync(join(second.config.state, 'admin.crt'))
  t.is((await tandem(['--state', second.config.state, ...LIST])).status, 1)
  renameSync(kept, join(second.config.state, 'admin.crt'))
  t.deepEqual(await tandem(['--state', second.config.state, ...LIST]), DONE)
})
