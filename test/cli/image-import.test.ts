import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { create } from 'tar'
import { addNetbootFolder } from '../daemon/files.ts'
import { startTandem } from '../daemon/running.ts'
import { tandem } from './command.ts'

async function start(t: ExecutionContext) {
  const running = await startTandem(t)
  const netboot = addNetbootFolder(running.folder)
  const image = (...args: string[]) => tandem(['--state', running.config.state, 'image', 'import', ...args])
  return { ...running, netboot, image }
}

const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** As Debian's netboot.tar.gz: its paths begin with `./`. */
async function tarballOf(folder: string, path: string): Promise<string> {
  const file = join(folder, 'netboot.tar.gz')
  await create({ file, cwd: path, gzip: true }, ['./debian-installer', './version.info'])
  return file
}

test("an installer's folder is taken in: kernel, initrd, release and architecture", async (t) => {
  const { image, rest, netboot } = await start(t)
  const { status, out } = await image('debian-12', netboot.path)
  t.is(status, 0)
  t.deepEqual(out.split('\n'), [
    'image debian-12 (amd64):',
    `  linux 0.1 MB sha256 ${netboot.kernel.sha256}`,
    `  initrd.gz 0.0 MB sha256 ${netboot.initrd.sha256}`
  ])
  t.like((await rest.get('/images/debian-12')).body, {
    family: 'debian',
    release: 'bookworm',
    architecture: 'amd64',
    kernel: { name: 'linux', sha256: netboot.kernel.sha256, size: netboot.kernel.bytes.length },
    initrd: { name: 'initrd.gz', sha256: netboot.initrd.sha256, size: netboot.initrd.bytes.length }
  })
})

test('importing again changes nothing but what is new, and keeps what was set', async (t) => {
  const { image, rest, netboot, config } = await start(t)
  await image('debian-12', netboot.path)
  await rest.send('PATCH', '/images/debian-12', { kernelArguments: ['quiet'] })
  t.is((await image('debian-12', netboot.path, '--release', 'trixie')).status, 0)
  t.like((await rest.get('/images/debian-12')).body, { release: 'trixie', kernelArguments: ['quiet'] })
  t.is(readdirSync(join(config.state, 'files')).length, 2)
})

test('the folder of the architecture itself serves too', async (t) => {
  const { image, netboot } = await start(t)
  t.is((await image('debian-12', join(netboot.path, 'debian-installer'))).status, 0)
  t.is((await image('debian-13', join(netboot.path, 'debian-installer', 'amd64'))).status, 0)
})

test('an arm64 installer is one of arm64', async (t) => {
  const { config, rest, folder } = await start(t)
  mkdirSync(join(folder, 'arm'))
  const { path } = addNetbootFolder(join(folder, 'arm'), 'arm64')
  t.is((await tandem(['--state', config.state, 'image', 'import', 'arm', path])).status, 0)
  t.like((await rest.get('/images/arm')).body, { architecture: 'arm64' })
})

test('a tarball is taken in, and nothing of it stays in the temporary folder', async (t) => {
  const { image, rest, netboot, folder } = await start(t)
  const tarball = await tarballOf(folder, netboot.path)
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`tandem-import-`))
  const before = left()
  t.is((await image('debian-12', tarball, '--sha256', hashOf(tarball).toUpperCase())).status, 0)
  t.like((await rest.get('/images/debian-12')).body, { kernel: { sha256: netboot.kernel.sha256 } })
  t.deepEqual(
    left().filter((name) => !before.includes(name)),
    []
  )
})

test('a tarball with another SHA-256 is not imported', async (t) => {
  const { image, rest, netboot, folder } = await start(t)
  const tarball = await tarballOf(folder, netboot.path)
  const { status, err } = await image('debian-12', tarball, '--sha256', 'f'.repeat(64))
  t.is(status, 1)
  t.is(err, `tandem: the SHA-256 of ${tarball} is ${hashOf(tarball)}, not ${'f'.repeat(64)}: nothing was imported`)
  t.is((await rest.get('/images')).body.total, 0)
})

test('--sha256 of a folder is wrong usage', async (t) => {
  const { image, netboot } = await start(t)
  t.is((await image('debian-12', netboot.path, '--sha256', 'f'.repeat(64))).status, 2)
})

for (const [rule, spoil, message] of [
  ['a source that is not there', ({ path }) => rmSync(path, { recursive: true }), /netboot does not exist$/],
  [
    'a folder without an initrd',
    ({ path }) => unlinkSync(join(path, 'debian-installer/amd64/initrd.gz')),
    /holds no debian-installer\/ARCH\/linux and initrd\.gz; it holds debian-installer, version\.info/
  ],
  [
    'a kernel that is none',
    ({ path }) => writeFileSync(join(path, 'debian-installer/amd64/linux'), 'Not found'),
    /kernel: linux is no Linux kernel/
  ],
  [
    'an initrd that is none',
    ({ path }) => writeFileSync(join(path, 'debian-installer/amd64/initrd.gz'), '<html>'),
    /initrd: initrd\.gz is no initramfs/
  ],
  [
    'a file that is no tarball',
    ({ path }) => {
      rmSync(path, { recursive: true })
      writeFileSync(path, 'no tarball')
    },
    /netboot (is neither a folder nor a tarball|holds no debian-installer)/
  ],
  [
    'an empty folder',
    ({ path }) => {
      rmSync(path, { recursive: true })
      mkdirSync(path)
    },
    /it holds nothing\./
  ]
] as const satisfies readonly (readonly [string, (netboot: { path: string }) => void, RegExp])[]) {
  test(`${rule} is refused in words, and no image comes of it`, async (t) => {
    const { image, rest, netboot } = await start(t)
    spoil(netboot)
    const { status, err } = await image('debian-12', netboot.path)
    t.is(status, 1)
    t.regex(err, message)
    t.notRegex(err, /\n {4}at /)
    t.is((await rest.get('/images')).body.total, 0)
  })
}

test('a link in a tarball leads to no file of this host', async (t) => {
  const { image, rest, netboot, folder } = await start(t)
  const kernel = join(netboot.path, 'debian-installer/amd64/linux')
  writeFileSync(join(folder, 'host-kernel'), readFileSync(kernel))
  unlinkSync(kernel)
  symlinkSync(join(folder, 'host-kernel'), kernel)
  t.is((await image('debian-12', await tarballOf(folder, netboot.path))).status, 1)
  t.is((await rest.get('/images')).body.total, 0)
})

test('files that no image names are gone after the next start, the others are still there', async (t) => {
  const first = await start(t)
  await first.image('debian-12', first.netboot.path)
  const stray = Buffer.from('stray')
  const sha256 = createHash('sha256').update(stray).digest('hex')
  await first.rest.upload(sha256, stray)
  await first.daemon.close()
  const { config, rest } = await startTandem(t, first.config)
  t.deepEqual(
    readdirSync(join(config.state, 'files')).sort(),
    [first.netboot.kernel.sha256, first.netboot.initrd.sha256].sort()
  )
  t.is((await rest.send('HEAD', `/files/${sha256}`)).status, 404)
  t.is((await rest.send('HEAD', `/files/${first.netboot.kernel.sha256}`)).status, 200)
})
