import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { TemplateContext } from '../../src/boot/context.ts'
import { preseedUrl } from '../../src/boot/preseed-url.ts'
import { createRenderer } from '../../src/boot/render.ts'
import { questionsOf } from './preseed-questions.ts'
import { bareContext, fullContext, pairContext } from './template-context.ts'

const { render } = createRenderer(join(import.meta.dirname, '../../boot-templates'))
const PRESEED = 'preseed/debian.cfg.njk'

test('a shell accepts every command of a preseed', (t) => {
  for (const context of [fullContext(), bareContext(), pairContext()]) {
    const commands = questionsOf(render(PRESEED, context)).filter(({ name }) => name.endsWith('_command'))
    t.is(commands.length, 3)
    for (const { value } of commands) t.is(spawnSync('sh', ['-n', '-c', value], { encoding: 'utf8' }).stderr, '')
  }
})

test('the late command writes role, facts and keys, and reports last', (t) => {
  const target = sandbox(t)
  const reports = runCommand('preseed/late_command', fullContext(), target)
  const read = (path: string) => readFileSync(join(target, path), 'utf8')
  t.is(read('etc/tandem/role'), 'openstack::compute\n')
  t.is(read('etc/facter/facts.d/tandem.txt'), 'tandem_role=openstack::compute\ntandem_class=role::openstack::compute\n')
  t.is(read('root/.ssh/authorized_keys'), "ssh-ed25519 AAAA ann@example.org\nssh-ed25519 BBBB bob's key\n")
  t.is(statSync(join(target, 'root/.ssh')).mode & 0o777, 0o700)
  t.is(statSync(join(target, 'root/.ssh/authorized_keys')).mode & 0o777, 0o600)
  t.deepEqual(reports, [
    'in-target install -d -m 700 -o ops -g ops /home/ops/.ssh',
    'in-target install -m 600 -o ops -g ops /root/.ssh/authorized_keys /home/ops/.ssh',
    'tandem-status installed'
  ])
})

test('a late command that fails reports that, and not installed', (t) => {
  const target = sandbox(t)
  writeFileSync(join(target, 'etc'), 'no folder')
  t.deepEqual(runCommand('preseed/late_command', fullContext(), target), [
    'tandem-status failed preseed/late_command did not finish'
  ])
})

const disks: [seen: string, disk: string | null, reports: string[]][] = [
  ['/dev/vda', null, chosen('/dev/vda')],
  ['', null, ['tandem-status failed This machine has 0 disks (): set the one to install on']],
  [
    '/dev/sda /dev/sdb',
    null,
    ['tandem-status failed This machine has 2 disks (/dev/sda /dev/sdb): set the one to install on']
  ],
  ['/dev/sda', '/dev/gone', ['tandem-status failed The disk set for this machine is not there, only /dev/sda']]
]

for (const [seen, disk, reports] of disks) {
  test(`the one disk is chosen, or none: ${disk ?? 'unset'} of "${seen}"`, (t) => {
    const context = bareContext()
    const machine = { ...context.machine, disk }
    const said = runCommand('partman/early_command', { ...context, machine }, sandbox(t), seen)
    t.deepEqual(said, ['tandem-status partitioning', ...reports])
  })
}

const MARKER = 'tandem installed 7.a 0badcafe'

for (const [what, content, reports] of [
  [
    'its own generation: installed already',
    MARKER,
    ['tandem-status partitioning', 'tandem-status installed', 'reboot']
  ],
  [
    'its own generation and a later one: installed already',
    `tandem installed 8.a 0badcafe\n${MARKER}`,
    ['tandem-status partitioning', 'tandem-status installed', 'reboot']
  ],
  ['an earlier generation', `${MARKER.slice(0, -1)}0`, ['tandem-status partitioning']],
  ['a longer mark', `${MARKER}0`, ['tandem-status partitioning']],
  ['nothing', '', ['tandem-status partitioning']]
] as const) {
  test(`the disk is looked at before anything touches it; it bears ${what}`, (t) => {
    const target = sandbox(t)
    const disk = join(target, 'disk')
    const bytes = Buffer.alloc(1 << 20)
    bytes.write(`${content}\n`, 255 * 4096)
    writeFileSync(disk, bytes)
    stub(target, 'reboot', `echo reboot >> ${join(target, 'log')}\nkill $PPID`)
    const said = runCommand('partman/early_command', bareContext(), target, disk)
    t.deepEqual(said, reports.length > 1 ? [...reports] : [...reports, ...chosen(disk)])
  })
}

test('the mark is left where nothing else is, unless a partition begins there', (t) => {
  for (const [start, marked] of [
    ['2048', true],
    ['63', false]
  ] as const) {
    const target = sandbox(t)
    const disk = join(target, 'disk')
    writeFileSync(disk, Buffer.alloc(2 << 20, 7))
    stub(target, 'debconf-get', `echo ${disk}`)
    stub(target, 'cat', `echo ${start}`)
    mkdirSync(join(target, 'root'))
    runCommand('preseed/late_command', bareContext(), target)
    const bytes = readFileSync(disk)
    t.is(bytes.length, 2 << 20)
    t.is(bytes.toString('latin1', 255 * 4096, 255 * 4096 + MARKER.length) === MARKER, marked)
    t.deepEqual([bytes[255 * 4096 - 1], bytes[256 * 4096]], [7, 7])
  }
})

test('the marks of earlier generations stay beside the latest one', (t) => {
  const target = sandbox(t)
  const disk = join(target, 'disk')
  const earlier = Array.from({ length: 30 }, (_, index) => `tandem installed ${index}-a-0badcafe 0badcafe`)
  const bytes = Buffer.alloc(2 << 20)
  bytes.write(`left by somebody else\n${earlier.join('\n')}\n`, 255 * 4096)
  writeFileSync(disk, bytes)
  stub(target, 'debconf-get', `echo ${disk}`)
  stub(target, 'cat', 'echo 2048')
  mkdirSync(join(target, 'root'))
  runCommand('preseed/late_command', bareContext(), target)
  const written = readFileSync(disk)
    .toString('latin1', 255 * 4096, 256 * 4096)
    .replaceAll('\0', '')
  t.deepEqual(written.trimEnd().split('\n'), [MARKER, ...earlier.slice(0, 20)])
})

test("what Debian's installer makes of URLs leaves that for two as it is", (t) => {
  for (const path of ['p', 'pp', 'ppp']) {
    const url = preseedUrl([`http://10.77.0.1/${path}`, `http://10.77.0.9/${path}`])
    // auto-install.sh: a domain is appended to a host without a dot, a path to one without a slash.
    const [, host, directory] = /^base64:\/\/([^/]*)\/(.*)$/.exec(url) ?? []
    t.true(host?.includes('.'))
    t.regex(directory ?? '', /^[A-Za-z0-9+/]+$/)
  }
})

test('an installer asks both instances for its file until one gives it', (t) => {
  const target = sandbox(t)
  const url = preseedUrl(['http://10.77.0.1/p', 'http://10.77.0.9/p'])
  const [, content = ''] = url.split('base64://')
  const [, command = ''] = Buffer.from(content, 'base64').toString().split('preseed/include_command string ')
  stub(target, 'sleep', 'true')
  stub(target, 'wget', `echo "$*" >> ${join(target, 'log')}; case "$*" in *10.77.0.9*) exit 0;; esac; exit 4`)
  const said = execFileSync('sh', ['-c', command], { encoding: 'utf8', env: { PATH: `${target}:/usr/bin:/bin` } })
  t.is(said, 'file:///tmp/tandem.cfg\n')
  t.is(
    readFileSync(join(target, 'log'), 'utf8')
      .match(/http:\S+/g)
      ?.join(' '),
    'http://10.77.0.1/p http://10.77.0.9/p'
  )
})

test('the report is JSON, with and without a message, and a failure stops there', (t) => {
  const target = sandbox(t)
  const early = commandOf('preseed/early_command', bareContext())
  const end = early.indexOf('> /bin/tandem-status')
  t.true(end > 0)
  const script = execFileSync('sh', ['-c', early.slice(0, end)], { encoding: 'utf8' })
  stub(target, 'wget', 'for word in "$@"; do case $word in --post-data=*) echo "$word" | cut -d= -f2-;; esac; done')
  stub(target, 'sleep', 'echo waits; false')
  const report = (...words: string[]) =>
    execFileSync('sh', ['-c', script, 'tandem-status', ...words], {
      encoding: 'utf8',
      env: { PATH: `${target}:/usr/bin:/bin` }
    })
  t.is(report('fetched'), '{"stage":"fetched"}\n')
  t.is(report('failed', 'no disk'), '{"stage":"failed","message":"no disk"}\nwaits\n')
})

function commandOf(name: string, context: TemplateContext): string {
  return questionsOf(render(PRESEED, context)).find((question) => question.name === name)?.value ?? ''
}

/** Runs a command of the preseed with the installer's programs as stubs; returns what they were asked for. */
function runCommand(name: string, context: TemplateContext, target: string, disksSeen = ''): string[] {
  const log = join(target, 'log')
  for (const program of ['in-target', 'debconf-set', 'sync']) stub(target, program, `echo "${program} $*" >> ${log}`)
  stub(target, 'tandem-status', `echo "tandem-status $*" >> ${log}\n[ "$1" != failed ] || kill $PPID`)
  stub(target, 'list-devices', `printf '%s\\n' ${disksSeen}`)
  const command = commandOf(name, context).replaceAll('/target', target)
  spawnSync('sh', ['-c', command], { env: { PATH: `${target}:/usr/bin:/bin` } })
  return readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line.trim() !== 'sync')
}

function chosen(disk: string): string[] {
  return ['partman-auto/disk', 'grub-installer/bootdev'].map((question) => `debconf-set ${question} ${disk}`)
}

function stub(folder: string, name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(folder, name), 0o755)
}

function sandbox(t: { teardown(clean: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-preseed-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}
