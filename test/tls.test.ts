import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { StartError } from '../src/start-error.ts'
import { configuredCertificate, ownCertificate } from '../src/tls.ts'
import { temporaryFolder } from './daemon/files.ts'

const NOW = Date.UTC(2026, 0, 1)

test('a certificate of its own: for this host alone, no authority, ten years', async (t) => {
  const { cert } = await ownCertificate(temporaryFolder(t), '10.99.0.1', NOW)
  const certificate = new X509Certificate(cert)
  t.false(certificate.ca)
  t.truthy(certificate.checkIP('10.99.0.1'))
  t.truthy(certificate.checkIP('127.0.0.1'))
  t.truthy(certificate.checkHost('localhost'))
  t.falsy(certificate.checkIP('10.99.0.2'))
  t.is(certificate.validFromDate.getTime(), NOW - 3_600_000)
  t.is(certificate.validToDate.getUTCFullYear(), 2036)
})

test('only the owner reads its key', async (t) => {
  const state = temporaryFolder(t)
  await ownCertificate(state, '127.0.0.1', NOW)
  t.is(statSync(join(state, 'admin.key')).mode & 0o777, 0o600)
})

test('it is made once, and anew where the address is another: the certificate names it', async (t) => {
  const state = temporaryFolder(t)
  const first = await ownCertificate(state, '127.0.0.1', NOW)
  t.deepEqual(await ownCertificate(state, '127.0.0.1', NOW + 1), first)
  const moved = await ownCertificate(state, '10.99.0.1', NOW)
  t.not(moved.cert, first.cert)
  t.deepEqual(await ownCertificate(state, '10.99.0.1', NOW), moved)
})

test('one that has run out is made anew: a first start may have had a wrong clock', async (t) => {
  const state = temporaryFolder(t)
  const { cert } = await ownCertificate(state, '127.0.0.1', 0)
  t.not((await ownCertificate(state, '127.0.0.1', NOW)).cert, cert)
})

test("what doesn't match, or is no certificate, is made anew", async (t) => {
  const state = temporaryFolder(t)
  await ownCertificate(state, '127.0.0.1', NOW)
  for (const spoilt of ['junk', (await ownCertificate(temporaryFolder(t), '127.0.0.1', NOW)).cert]) {
    writeFileSync(join(state, 'admin.crt'), spoilt)
    const { cert, key } = await ownCertificate(state, '127.0.0.1', NOW)
    t.not(cert, spoilt)
    t.is(readFileSync(join(state, 'admin.crt'), 'utf8'), cert)
    t.is(readFileSync(join(state, 'admin.key'), 'utf8'), key)
  }
})

test('a configured certificate is left in the state folder for the command line; its key is not', async (t) => {
  const [theirs, state] = [temporaryFolder(t), temporaryFolder(t)]
  const tls = await ownCertificate(theirs, '127.0.0.1', NOW)
  const paths = { cert: join(theirs, 'admin.crt'), key: join(theirs, 'admin.key') }
  t.deepEqual(configuredCertificate(paths, state), tls)
  t.is(readFileSync(join(state, 'admin.crt'), 'utf8'), tls.cert)
  t.throws(() => statSync(join(state, 'admin.key')), { code: 'ENOENT' })
  t.not((await ownCertificate(state, '127.0.0.1', NOW)).cert, tls.cert, 'without it the own one is back')
})

test('a configured certificate that does not serve is one line', async (t) => {
  const [theirs, others, state] = [temporaryFolder(t), temporaryFolder(t), temporaryFolder(t)]
  for (const folder of [theirs, others]) await ownCertificate(folder, '127.0.0.1', NOW)
  const junk = join(theirs, 'junk')
  writeFileSync(junk, 'junk')
  const cert = join(theirs, 'admin.crt')
  for (const [paths, message] of [
    [{ cert, key: join(others, 'admin.key') }, /the key is not the certificate's$/],
    [{ cert: junk, key: join(theirs, 'admin.key') }, /don't serve: .*PEM/],
    [{ cert, key: junk }, /don't serve: /],
    [{ cert, key: '/nowhere/admin.key' }, /^the admin side's \/nowhere\/admin\.key can't be read \(ENOENT\)$/]
  ] as const) {
    const error = t.throws(() => configuredCertificate(paths, state), { instanceOf: StartError, message })
    t.notRegex(error?.message ?? '', /\n/)
  }
})
