import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { stringify } from 'yaml'
import { temporaryFolder } from './files.ts'
import { type Served, serve, site, start, TANDEM } from './process.ts'

/** Much more than it takes: a machine that tests may be busy. */
const PATIENCE_MS = 30_000

/** Runs `bin/tandem` as a user does. @param cwd where; nothing of the environment names a service. */
async function tandem(args: readonly string[], cwd: string) {
  const child = start(args, cwd)
  const [out, err, [status]] = await Promise.all([
    text(child.stdout as NonNullable<typeof child.stdout>),
    text(child.stderr as NonNullable<typeof child.stderr>),
    once(child, 'close')
  ])
  return { status, out, err }
}

test.serial('SIGINT ends the daemon cleanly, and a second start finds its data again', async (t) => {
  t.timeout(4 * PATIENCE_MS)
  const { folder } = await site(t)
  const first = await serve(t, folder)
  t.like(await tandem(['subnet', 'set', '10.77.0.0/24', '--domain', 'example.org'], folder), { status: 0 })
  t.like(await tandem(['machine', 'add', 'web1', '--mac', '52:54:00:00:00:0a'], folder), { status: 0 })
  const before = await tandem(['export'], folder)
  await end(t, first, 'SIGINT')
  t.is((await tandem(['machine', 'list'], folder)).status, 1, 'nobody answers')
  await serve(t, folder)
  t.deepEqual(await tandem(['export'], folder), before)
  t.regex(before.out, /name: web1/)
})

test.serial(
  'SIGTERM does too; where the log is no terminal it is JSON, a line each, and holds no secret',
  async (t) => {
    t.timeout(2 * PATIENCE_MS)
    const { folder } = await site(t)
    const daemon = await serve(t, folder)
    await end(t, daemon, 'SIGTERM')
    for (const line of daemon.printed().trim().split('\n')) t.like(JSON.parse(line), { level: 'info' })
    t.false(daemon.printed().includes(readFileSync(join(folder, 'var', 'admin.token'), 'utf8').trim()))
    t.regex(daemon.printed(), /their token is in .*\/var\/admin\.token/)
  }
)

/** It takes less than a second, but for a machine that is busy with other tests. */
async function end(t: ExecutionContext, { child, printed }: Served, signal: NodeJS.Signals): Promise<void> {
  const asked = performance.now()
  child.kill(signal)
  t.deepEqual(await once(child, 'close'), [0, null])
  t.true(performance.now() - asked < PATIENCE_MS)
  t.regex(printed(), new RegExp(`${signal}: stopping.*\\n.*stopped`))
}

test.serial('a wrong configuration prints every error with file and line, exit 2', async (t) => {
  const { folder } = await site(t, { http: 'eighty', colour: 'red' })
  const { status, out, err } = await tandem(['serve', '--config', 'tandem.yaml'], folder)
  t.is(status, 2)
  t.is(out, '')
  t.deepEqual(err.replace(/:\d+:/g, ':N:').split('\n'), [
    'tandem: tandem.yaml:N: provisioning.http: must be integer',
    'tandem.yaml:N: provisioning.colour: is not a known field',
    ''
  ])
})

test.serial('what keeps it from starting is one line, exit 1', async (t) => {
  const { folder } = await site(t, { interfaces: [{ name: 'nope0' }] })
  const { status, out, err } = await tandem(['serve', '--config', 'tandem.yaml'], folder)
  t.deepEqual([status, out], [1, ''])
  t.regex(err, /^tandem: interface nope0 does not exist[^\n]*\n$/)
})

test.serial('a port in use is one line, exit 1; who holds it goes on', async (t) => {
  t.timeout(2 * PATIENCE_MS)
  const { folder } = await site(t)
  const { child } = await serve(t, folder)
  const { folder: other } = await site(t)
  const yaml = readFileSync(join(folder, 'tandem.yaml'), 'utf8')
  writeFileSync(join(other, 'tandem.yaml'), yaml)
  const { status, err } = await tandem(['serve', '--config', 'tandem.yaml'], other)
  t.is(status, 1)
  t.regex(err, /^tandem: provisioning HTTP can't listen on 127\.[^\n]*another program holds the port[^\n]*\n$/)
  t.is(child.exitCode, null)
  t.is((await tandem(['role', 'list'], folder)).status, 0)
})

test.serial('wrong usage is exit 2, help is exit 0', async (t) => {
  const folder = temporaryFolder(t)
  t.is((await tandem(['nonsense'], folder)).status, 2)
  const { status, out } = await tandem(['--help'], folder)
  t.is(status, 0)
  t.regex(out, /^Usage: tandem /)
})

test.serial('a reader that has enough is no failure', async (t) => {
  const { folder } = await site(t)
  await serve(t, folder)
  const roles = Array.from({ length: 2000 }, (_, number) => ({ name: `role${number}`, note: 'x'.repeat(100) }))
  writeFileSync(join(folder, 'roles.yaml'), stringify({ roles }))
  const pipe = `"$0" apply --dry-run -f roles.yaml | head -n 1; echo "status \${PIPESTATUS[0]}"`
  const child = spawn('bash', ['-c', pipe, TANDEM], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  t.deepEqual([out, err], ['+ role role0\nstatus 0\n', ''])
})
