import { appendFileSync, renameSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type SteadyFile, stampOf } from '../../src/net/steady-file.ts'
import { SourceFailed } from '../../src/tftp/source.ts'
import { Sources } from '../../src/tftp/sources.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { content } from './fakes.ts'

function writtenFile(t: ExecutionContext): SteadyFile {
  const path = join(tempFolder(t), 'f')
  writeFileSync(path, content(5000))
  return { path, size: 5000, sha256: '', stamp: stampOf(statSync(path, { bigint: true })) }
}

function readAll(source: { size: number; read(offset: number, target: Uint8Array): void }): Uint8Array {
  const bytes = new Uint8Array(source.size)
  source.read(0, bytes)
  return bytes
}

test('a file is read at any place', (t) => {
  const source = new Sources().open(writtenFile(t), 'octet', 1)
  t.deepEqual(readAll(source), content(5000))
  const part = new Uint8Array(100)
  source.read(4900, part)
  t.deepEqual(part, content(5000).subarray(4900))
  source.close()
})

const CHANGES: readonly [what: string, change: (path: string) => void][] = [
  ['grew', (path) => appendFileSync(path, 'x')],
  ['became shorter', (path) => truncateSync(path, 10)],
  [
    'was written anew with the same size and time',
    (path) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(path, content(5000).reverse())
      utimesSync(path, atime, mtime)
    }
  ]
]

for (const [what, change] of CHANGES) {
  test(`a file that ${what} is neither opened nor read on`, (t) => {
    const file = writtenFile(t)
    const sources = new Sources()
    const source = sources.open(file, 'octet', 1)
    change(file.path)
    t.throws(() => readAll(source), { instanceOf: SourceFailed })
    source.close()
    t.throws(() => sources.open(file, 'octet', 1), { instanceOf: SourceFailed, message: /changed/ })
  })
}

test('a file that another has taken the place of is read to its end, and the new one is not opened for it', (t) => {
  const file = writtenFile(t)
  const sources = new Sources()
  const source = sources.open(file, 'octet', 1)
  writeFileSync(`${file.path}.new`, content(6000))
  renameSync(`${file.path}.new`, file.path)
  t.deepEqual(readAll(source), content(5000))
  source.close()
  t.throws(() => sources.open(file, 'octet', 1), { instanceOf: SourceFailed })
})

test('transfers of one file share a descriptor, which is closed after the last', async (t) => {
  const file = writtenFile(t)
  const sources = new Sources()
  const descriptors = async () => (await readdir('/proc/self/fd')).length
  const before = await descriptors()
  const open = Array.from({ length: 50 }, () => sources.open(file, 'octet', 1))
  t.true((await descriptors()) < before + 40)
  for (const source of open.slice(1)) source.close()
  t.deepEqual(readAll(open[0] as (typeof open)[0]), content(5000))
  open[0]?.close()
  t.throws(() => readAll(open[0] as (typeof open)[0]), { instanceOf: SourceFailed })
})

test('a file that is gone, or a folder: one line that says why', (t) => {
  const file = { path: '/nonexistent/f', size: 1, sha256: '', stamp: '' }
  t.throws(() => new Sources().open(file, 'octet', 1), { instanceOf: SourceFailed, message: /ENOENT/ })
})
