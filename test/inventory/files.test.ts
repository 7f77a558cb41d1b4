import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { InventoryError } from '../../src/inventory/errors.ts'
import { FileStore } from '../../src/inventory/files.ts'
import { tempFolder } from '../support/temp-folder.ts'

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const stream = (...chunks: string[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)))

async function open(t: ExecutionContext) {
  const folder = join(tempFolder(t), 'files')
  return { folder, store: await FileStore.open(folder, () => false) }
}

test('a file is kept under the hash of its content, whatever chunks it comes in', async (t) => {
  const { folder, store } = await open(t)
  const sha256 = hashOf('kernel')
  t.deepEqual(await store.put(sha256, stream('ker', '', 'nel')), { sha256, size: 6 })
  t.is(store.size(sha256), 6)
  t.is(readFileSync(store.path(sha256), 'utf8'), 'kernel')
  t.deepEqual(readdirSync(folder), [sha256])
  t.is(statSync(store.path(sha256)).mode & 0o027, 0)
})

test('other content than was named is refused, and nothing is kept', async (t) => {
  const { folder, store } = await open(t)
  const error = await t.throwsAsync(store.put(hashOf('kernel'), stream('kernal')), { instanceOf: InventoryError })
  t.regex(error.message, new RegExp(`SHA-256 is ${hashOf('kernal')}, not ${hashOf('kernel')}: nothing was kept`))
  t.deepEqual(readdirSync(folder), [])
  t.is(store.size(hashOf('kernel')), undefined)
})

test('an upload that breaks off leaves nothing, and what was there stays', async (t) => {
  const { folder, store } = await open(t)
  const sha256 = hashOf('kernel')
  await store.put(sha256, stream('kernel'))
  async function* broken() {
    yield Buffer.from('ker')
    throw new Error('connection reset')
  }
  await t.throwsAsync(store.put(sha256, broken()), { message: 'connection reset' })
  t.deepEqual(readdirSync(folder), [sha256])
  t.is(readFileSync(store.path(sha256), 'utf8'), 'kernel')
})

for (const name of ['', 'x', '../evil', hashOf('kernel').toUpperCase(), `${hashOf('kernel')}/`]) {
  test(`"${name}" is no name for a file`, async (t) => {
    const { folder, store } = await open(t)
    await t.throwsAsync(store.put(name, stream('kernel')), { instanceOf: InventoryError, message: /64 lower-case/ })
    t.deepEqual(readdirSync(folder), [])
  })
}

test('two uploads of one file at once are no harm', async (t) => {
  const { folder, store } = await open(t)
  const sha256 = hashOf('kernel')
  await Promise.all([store.put(sha256, stream('kernel')), store.put(sha256, stream('ker', 'nel'))])
  t.deepEqual(readdirSync(folder), [sha256])
})

test('at the next start the files of images are known again, and leftovers are swept', async (t) => {
  const { folder, store } = await open(t)
  const [used, unused] = [hashOf('kernel'), hashOf('old kernel')]
  await store.put(used, stream('kernel'))
  await store.put(unused, stream('old kernel'))
  writeFileSync(join(folder, 'partial-0123'), 'ker')
  mkdirSync(join(folder, 'folder', 'within'), { recursive: true })
  const again = await FileStore.open(folder, (sha256) => sha256 === used)
  t.is(readdirSync(folder).length, 4, 'nothing goes before it is told to')
  await again.sweep()
  t.deepEqual(readdirSync(folder), [used])
  t.is(again.size(used), 6)
  t.is(again.size(unused), undefined)
})
