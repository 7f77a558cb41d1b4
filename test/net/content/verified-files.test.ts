import { createHash } from 'node:crypto'
import { readFileSync, renameSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { NoSuchFile } from '../../../src/net/confined.ts'
import { ContentError, VerifiedFiles } from '../../../src/net/content/verified-files.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex')

/** A file, and what reads it and how often it did. */
function setting(t: ExecutionContext, onHash: () => void = () => undefined) {
  const path = join(tempFolder(t), 'linux')
  writeFileSync(path, 'first')
  const told: string[] = []
  const state = { hashed: 0 }
  const hasher = {
    async hash(fd: number, size: number) {
      state.hashed += 1
      const bytes = readFileSync(`/proc/self/fd/${fd}`).subarray(0, size)
      onHash()
      return sha256(bytes)
    }
  }
  const verified = new VerifiedFiles(hasher, (_stamp, message) => told.push(message))
  return { path, told, state, verified, wanted: { path, what: 'linux of image debian-12', sha256: sha256('first') } }
}

test('a file is hashed once, however many ask at once and later', async (t) => {
  const { verified, wanted, state } = setting(t)
  const files = await Promise.all(Array.from({ length: 20 }, () => verified.check(wanted)))
  files.push(await verified.check(wanted))
  t.is(state.hashed, 1)
  for (const file of files) t.like(file, { path: wanted.path, size: 5, sha256: wanted.sha256 })
})

for (const [how, alter] of [
  [
    'in place, of the same size and with its times set back',
    (path: string) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(path, 'other')
      utimesSync(path, atime, mtime)
    }
  ],
  [
    'by a rename',
    (path: string) => {
      writeFileSync(`${path}.new`, 'other')
      renameSync(`${path}.new`, path)
    }
  ],
  ['by being cut', (path: string) => truncateSync(path, 2)]
] as const) {
  test(`a file that was changed ${how} is not the one that it must be, and that is told once`, async (t) => {
    const { path, verified, wanted, told, state } = setting(t)
    await verified.check(wanted)
    alter(path)
    for (const _ of [1, 2, 3]) {
      const error = await t.throwsAsync(verified.check(wanted), { instanceOf: ContentError })
      t.is(error.code, 'file-changed')
    }
    const actual = sha256(readFileSync(path))
    const message = `linux of image debian-12 was changed on disk: its SHA-256 is ${actual}, not ${wanted.sha256}; not served: import it again`
    t.deepEqual([...new Set(told)], [message])
    t.is(state.hashed, 2)
  })

  test(`a loader that was changed ${how} is another version of it, and that is told`, async (t) => {
    const { path, verified, told } = setting(t)
    const wanted = { path, what: 'loader ipxe.efi' }
    const before = await verified.check(wanted)
    alter(path)
    const after = await verified.check(wanted)
    t.is(after.sha256, sha256(readFileSync(path)))
    t.not(after.stamp, before.stamp)
    t.deepEqual(told, [`loader ipxe.efi was changed on disk: its SHA-256 is ${after.sha256}, was ${before.sha256}`])
  })
}

test('a file that is back as it was is served again', async (t) => {
  const { path, verified, wanted } = setting(t)
  writeFileSync(path, 'wrong')
  await t.throwsAsync(verified.check(wanted), { instanceOf: ContentError })
  writeFileSync(path, 'first')
  t.is((await verified.check(wanted)).sha256, wanted.sha256)
})

test('a file that was touched and is the same is no news', async (t) => {
  const { path, verified, told, state } = setting(t)
  const wanted = { path, what: 'loader ipxe.efi' }
  await verified.check(wanted)
  utimesSync(path, 1, 1)
  t.is((await verified.check(wanted)).sha256, sha256('first'))
  t.is(state.hashed, 2)
  t.deepEqual(told, [])
})

test('a file that was changed just now is read a little later: a second change may bear the same stamp', async (t) => {
  const { path, verified, state } = setting(t)
  for (const text of ['aaaaa', 'bbbbb', 'ccccc']) {
    writeFileSync(path, text)
    const checked = verified.check({ path, what: 'loader' })
    writeFileSync(path, text.toUpperCase())
    t.is((await checked).sha256, sha256(text.toUpperCase()))
  }
  t.true(state.hashed >= 3)
})

test('a file that is changed while it is read is read anew, but not for ever', async (t) => {
  let changes = 2
  const { path, verified, state } = setting(t, () => {
    if (changes > 0) writeFileSync(path, `version ${changes}`)
    changes -= 1
  })
  t.is((await verified.check({ path, what: 'loader' })).sha256, sha256('version 1'))
  t.is(state.hashed, 3)
  changes = Number.POSITIVE_INFINITY
  writeFileSync(path, 'x')
  const error = await t.throwsAsync(verified.check({ path, what: 'loader' }), { instanceOf: ContentError })
  t.is(error.message, 'loader changes while it is read: not served')
})

test('a disk that does not give a file is told of, and asked again the next time', async (t) => {
  let isBroken = true
  const { path, verified, told, wanted } = setting(t, () => {
    if (isBroken) throw new Error('EIO: i/o error, read')
  })
  const error = await t.throwsAsync(verified.check(wanted), { instanceOf: ContentError })
  t.is(error.code, 'unreadable')
  t.deepEqual(told, ['linux of image debian-12 cannot be read: EIO: i/o error, read'])
  isBroken = false
  t.is((await verified.check(wanted)).path, path)
})

test('what is no regular file is none', async (t) => {
  const { path, verified } = setting(t)
  symlinkSync(path, `${path}-link`)
  for (const each of [`${path}-absent`, join(path, '..'), '/dev/null', `${path}-link`]) {
    await t.throwsAsync(verified.check({ path: each, what: 'file' }), { instanceOf: NoSuchFile }, each)
  }
})

test('a file that was changed since it was checked is not opened as the one that it was', async (t) => {
  const { path, verified, wanted } = setting(t)
  const file = await verified.check(wanted)
  const handle = await verified.open(file)
  t.is(await handle?.readFile('utf8'), 'first')
  await handle?.close()
  writeFileSync(path, 'other')
  t.is(await verified.open(file), undefined)
})
