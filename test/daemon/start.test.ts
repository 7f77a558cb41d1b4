import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { pino } from 'pino'
import type { Config } from '../../src/config.ts'
import { startDaemon } from '../../src/main.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { StartError } from '../../src/start-error.ts'
import { temporaryFolder } from './files.ts'
import { configIn, MAC, startSite, startTandem } from './running.ts'

const SILENT = pino({ level: 'silent' })

test('a first start makes what it needs; secrets are for their owner alone', async (t) => {
  const { config, daemon } = await startTandem(t)
  const mode = (name: string) => statSync(join(config.state, name)).mode & 0o777
  for (const name of ['admin.token', 'admin.key', 'tandem.sqlite']) t.is(mode(name), 0o600, name)
  t.is(statSync(config.state).mode & 0o007, 0)
  t.is(readFileSync(join(config.state, 'admin.url'), 'utf8'), `${daemon.adminUrl}\n`)
  t.regex(readFileSync(join(config.state, 'admin.token'), 'utf8'), /^[\w-]{43}\n$/)
  t.true(daemon.fresh)
})

test('a second start finds the data, the token and the certificate again', async (t) => {
  const first = await startSite(t)
  await first.rest.send('POST', '/machines/web1/install')
  const before = { ...(await first.rest.get('/export')).body, machine: (await first.rest.get('/machines/web1')).body }
  const { etag } = (await first.rest.get('/machines/web1')).headers
  await first.daemon.close()
  const second = await startTandem(t, first.config)
  t.false(second.daemon.fresh)
  t.is(second.token, first.token)
  // With the first one's token and certificate.
  const after = { ...(await first.rest.get('/export')).body, machine: (await first.rest.get('/machines/web1')).body }
  t.deepEqual(after, before)
  t.is((await first.rest.get('/machines/web1')).headers.etag, etag)
})

test('a token whose hash is not known any more is replaced', async (t) => {
  const first = await startTandem(t)
  await first.daemon.close()
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(first.config.state, `tandem.sqlite${suffix}`), { force: true })
  const second = await startTandem(t, first.config)
  t.not(second.token, first.token)
  t.is((await second.rest.get('/roles')).status, 200)
})

test('loaders that are missing are warnings that name the package', async (t) => {
  const folder = join(temporaryFolder(t), 'empty')
  mkdirSync(folder)
  const { log } = await startTandem(t, { loaders: folder })
  t.deepEqual(
    log.map(({ level, msg }) => [level, msg]),
    ['undionly.kpxe', 'ipxe.efi'].map((file) => [
      40,
      `${file} is not in ${folder}: machines can't boot with it; Debian's package ipxe has it`
    ])
  )
})

test('machines are served on each interface, by URLs of the address that they reach it at', async (t) => {
  const folder = temporaryFolder(t)
  const base = await configIn(folder)
  const [one] = base.interfaces
  const other = {
    name: 'lo',
    address: one?.address?.replace(/\d+$/, (last) => String((Number(last) % 254) + 1)) as Ipv4
  }
  const site = await startSite(t, { ...base, interfaces: [...base.interfaces, other] })
  await site.rest.send('POST', '/machines/web1/install')
  await site.rest.created('/simulations', { mac: MAC, address: '127.0.0.1' })
  for (const { address } of site.config.interfaces) {
    const answer = await fetch(`http://${address}:${site.config.ports.http}/boot/${MAC}/ipxe`)
    t.regex(await answer.text(), new RegExp(`^kernel \\S+ \\S+ http://${address}:`, 'm'))
  }
})

/** One line that says what to do, and afterwards nothing is held: the same start succeeds once the cause is gone. */
async function refused(t: ExecutionContext, config: Config, message: RegExp, mend?: () => unknown): Promise<void> {
  const error = await t.throwsAsync(startDaemon(config, SILENT, 'test'), { instanceOf: StartError, message })
  t.notRegex(error?.message ?? '', /\n/)
  if (mend === undefined) return
  await mend()
  const daemon = await startDaemon(config, SILENT, 'test')
  await daemon.close()
}

for (const [side, protocol, portOf, message] of [
  [
    'provisioning HTTP',
    'tcp',
    ({ ports }) => ports.http,
    /^provisioning HTTP can't listen on 127\.\S+: another program/
  ],
  ['the admin side', 'tcp', ({ admin }) => admin.port, /^the admin side can't listen on 127\.\S+: another program/],
  ['TFTP', 'udp', ({ ports }) => ports.tftp, /^TFTP can't listen on 127\.\S+: another TFTP server/],
  ['DHCP', 'udp', ({ ports }) => ports.dhcp, /^UDP port \d+ of 127\.\S+ on lo is held by another program/]
] as const satisfies readonly (readonly [string, 'tcp' | 'udp', (config: Config) => number, RegExp])[]) {
  test(`${side}: a port in use is one line, and all else is let go`, async (t) => {
    const config = await configIn(temporaryFolder(t))
    const host = config.interfaces[0]?.address ?? ''
    const close = protocol === 'tcp' ? await holdTcp(host, portOf(config)) : await holdUdp(host, portOf(config))
    await refused(t, config, message, close)
  })
}

async function holdTcp(host: string, port: number): Promise<() => unknown> {
  const server = createServer().unref()
  await once(server.listen(port, host), 'listening')
  return () => once(server.close(), 'close')
}

async function holdUdp(host: string, port: number): Promise<() => unknown> {
  const socket = createSocket('udp4').unref()
  socket.bind(port, host)
  await once(socket, 'listening')
  return () => once(socket.close(), 'close')
}

test('an interface that does not exist is one line that names those there are', async (t) => {
  const config = await configIn(temporaryFolder(t))
  await refused(t, { ...config, interfaces: [{ name: 'nope0' }] }, /^interface nope0 does not exist .*; there are .*lo/)
})

test('an address that the interface does not have is one line that names those it has', async (t) => {
  const config = await configIn(temporaryFolder(t))
  const interfaces = [{ name: 'lo', address: '10.255.255.1' as Ipv4 }]
  await refused(t, { ...config, interfaces }, /^interface lo has no address 10\.255\.255\.1; it has 127\.0\.0\.1/)
})

test("the admin side's address must be one of this host", async (t) => {
  const config = await configIn(temporaryFolder(t))
  const admin = { address: '192.0.2.1' as Ipv4, port: 8443 }
  await refused(t, { ...config, admin }, /^the admin side can't listen on 192\.0\.2\.1:8443: no interface/)
})

test('a state folder that is a file is one line', async (t) => {
  const config = await configIn(temporaryFolder(t))
  writeFileSync(config.state, '')
  await refused(t, config, /^the state folder \S+ can't be used \(EEXIST\)/, () => rmSync(config.state))
})

test('a database that is none is one line', async (t) => {
  const config = await configIn(temporaryFolder(t))
  const file = join(config.state, 'tandem.sqlite')
  mkdirSync(config.state)
  writeFileSync(file, 'no database, but long enough to be read as the head of one'.repeat(100))
  await refused(t, config, /^cannot open the inventory \S+: file is not a database/, () => rmSync(file))
})

test('signed loaders that are missing are a warning that names the package, once a machine needs them', async (t) => {
  const warned = ({ log }: Awaited<ReturnType<typeof startTandem>>) =>
    log.filter(({ level, msg }) => level > 30 && msg.includes('bootnetx64.efi')).map(({ msg }) => msg)
  const first = await startSite(t, { signedLoaders: temporaryFolder(t) })
  t.deepEqual(warned(first), [])
  await first.rest.send('PATCH', '/machines/web1', { loader: 'grub' })
  await first.daemon.close()
  const [message = '', ...others] = warned(await startTandem(t, first.config))
  t.regex(message, /^\S+\/bootnetx64\.efi is not there: web1 .* package debian-installer-12-netboot-amd64 has it$/)
  t.deepEqual(others, [])
})

test("a loaders' folder that was named and is not there is one line", async (t) => {
  const config = await configIn(temporaryFolder(t))
  const loaders = join(config.state, 'nowhere')
  await refused(t, { ...config, loaders }, /^the loaders' folder \S+ can't be read \(ENOENT\)/)
})

test("a loaders' folder that is a file is one line", async (t) => {
  const config = await configIn(temporaryFolder(t))
  const loaders = join(config.loaders, 'ipxe.efi')
  await refused(t, { ...config, loaders }, /^the loaders' folder \S+ can't be read \(ENOTDIR\)/)
})

if (process.getuid?.() !== 0) {
  test('folders that may not be read are one line each', async (t) => {
    const config = await configIn(temporaryFolder(t))
    chmodSync(config.loaders, 0)
    await refused(t, config, /^the loaders' folder \S+ can't be read \(EACCES\)/, () =>
      chmodSync(config.loaders, 0o755)
    )
    mkdirSync(`${config.state}2`, { mode: 0o500 })
    await refused(t, { ...config, state: `${config.state}2` }, /^the state folder \S+ can't be used \(EACCES\)/)
  })
}

test('a closed daemon holds nothing, and may be closed again', async (t) => {
  const { config, daemon, machines } = await startTandem(t)
  await daemon.close()
  await daemon.close()
  await t.throwsAsync(machines.get('/boot/loaders/ipxe.efi'), { code: 'ECONNREFUSED' })
  for (const port of [config.ports.tftp, config.ports.dhcp]) {
    const free = await holdUdp(config.interfaces[0]?.address ?? '', port)
    await free()
  }
  t.pass()
})

test('a machine half way through a download does not keep the daemon from closing', async (t) => {
  const { config, daemon, machines } = await startTandem(t)
  writeFileSync(join(config.loaders, 'large.efi'), Buffer.alloc(32 << 20))
  const answer = await fetch(`${machines.url}/boot/loaders/large.efi`)
  const reader = answer.body?.getReader()
  await reader?.read()
  await daemon.close()
  await t.throwsAsync(async () => {
    while (!(await reader?.read())?.done);
  })
})
