import { randomBytes } from 'node:crypto'
import { readdirSync, readlinkSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type Content, Contents } from '../../../src/net/content/contents.ts'
import { type Hasher, slicedHasher } from '../../../src/net/content/hasher.ts'
import { ContentError } from '../../../src/net/content/verified-files.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const WHAT = 'loader ipxe.efi'

function setting(t: ExecutionContext, memory: number, hasher: Hasher = slicedHasher) {
  const folder = tempFolder(t)
  const path = join(folder, 'ipxe.efi')
  const bytes = randomBytes(3_000_000)
  writeFileSync(path, bytes)
  const told: string[] = []
  const contents = new Contents(memory, (message) => told.push(message), hasher)
  const open = async () => {
    const content = await contents.open(await contents.check({ path, what: WHAT }), WHAT)
    if (content === undefined) throw new Error('it was replaced')
    return content
  }
  return { folder, path, bytes, told, contents, open }
}

async function read({ chunks }: Content, start: number, end: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of chunks(start, end)) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts)
}

function openBelow(folder: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)
    } catch {
      return false
    }
  }).length
}

for (const [where, memory] of [
  ['memory', 8 << 20],
  ['disk', 0]
] as const) {
  test(`any part of a file comes from ${where}, and nothing stays open`, async (t) => {
    const { bytes, open, folder, contents } = setting(t, memory)
    const content = await open()
    const last = bytes.length - 1
    for (const [start, end] of [
      [0, last],
      [0, 0],
      [last, last],
      [65_535, 65_536],
      [1_048_575, 2_097_153]
    ] as const) {
      t.true((await read(content, start, end)).equals(bytes.subarray(start, end + 1)), `${start}-${end}`)
    }
    await content.release()
    t.is(openBelow(folder), 0)
    t.is(contents.kept, memory === 0 ? 0 : bytes.length)
  })
}

test('an empty file has no bytes', async (t) => {
  const { path, open } = setting(t, 1000)
  writeFileSync(path, '')
  const content = await open()
  t.is((await read(content, 0, -1)).length, 0)
  await content.release()
})

test('what was in memory is sent as it was, while the next one gets the new version', async (t) => {
  const { path, bytes, open, told } = setting(t, 8 << 20)
  const before = await open()
  const changed = Buffer.from(bytes).fill('new', 1_500_000)
  writeFileSync(path, changed)
  const after = await open()
  t.true((await read(before, 0, bytes.length - 1)).equals(bytes))
  t.true((await read(after, 0, bytes.length - 1)).equals(changed))
  t.deepEqual(told, [`${WHAT} was changed on disk: its SHA-256 is ${after.file.sha256}, was ${before.file.sha256}`])
  await Promise.all([before.release(), after.release()])
})

for (const [how, alter] of [
  ['changed', (path: string) => writeFileSync(path, randomBytes(3_000_000))],
  ['cut', (path: string) => truncateSync(path, 100_000)]
] as const) {
  test(`a file that is ${how} while it is read from disk ends there, with right bytes up to then`, async (t) => {
    const { path, bytes, open, told } = setting(t, 0)
    const content = await open()
    const got: Buffer[] = []
    const reading = async () => {
      for await (const chunk of content.chunks(0, bytes.length - 1)) {
        got.push(chunk)
        if (got.length === 5) alter(path)
      }
    }
    const error = await t.throwsAsync(reading(), { instanceOf: ContentError })
    t.is(error.code, 'file-changed')
    t.is(got.length, 5)
    t.true(Buffer.concat(got).equals(bytes.subarray(0, 5 * 65_536)))
    t.deepEqual(told, [`${WHAT} was changed on disk while it was sent: the transfer was ended`])
    await content.release()
  })
}

test('a file that is replaced by a rename while it is read from disk is sent to its end as it was', async (t) => {
  const { path, bytes, open, told } = setting(t, 0)
  const content = await open()
  writeFileSync(`${path}.new`, 'new')
  const chunks = content.chunks(0, bytes.length - 1) as AsyncGenerator<Buffer>
  const got = [(await chunks.next()).value]
  renameSync(`${path}.new`, path)
  for await (const chunk of chunks) got.push(chunk)
  t.true(Buffer.concat(got).equals(bytes))
  t.deepEqual(told, [])
  await content.release()
})

test('a file that is replaced between the look at it and its loading is none of that look', async (t) => {
  const { path, contents } = setting(t, 8 << 20)
  const file = await contents.check({ path, what: WHAT })
  writeFileSync(path, 'another')
  t.is(await contents.open(file, WHAT), undefined)
  t.is(contents.kept, 0)
})

test('bytes that are not those that were hashed are never kept', async (t) => {
  const lying: Hasher = {
    ...slicedHasher,
    load: async (_fd, size) => ({ sha256: 'f'.repeat(64), bytes: Buffer.alloc(size) })
  }
  const { path, contents } = setting(t, 8 << 20, lying)
  t.is(await contents.open(await contents.check({ path, what: WHAT }), WHAT), undefined)
  t.is(contents.kept, 0)
})

test('a disk that fails is told of once, and is no failure of the service', async (t) => {
  const failing: Hasher = { ...slicedHasher, load: () => Promise.reject(new Error('EIO: i/o error, read')) }
  const { open, told, contents } = setting(t, 8 << 20, failing)
  for (const _ of [1, 2]) {
    const error = await t.throwsAsync(open(), { instanceOf: ContentError })
    t.is(error.code, 'unreadable')
  }
  t.deepEqual(told, [`${WHAT} cannot be read: EIO: i/o error, read`])
  t.is(contents.kept, 0)
})

test('hashing holds nothing up: the event loop goes on', async (t) => {
  const { path, contents } = setting(t, 0)
  writeFileSync(path, Buffer.alloc(64 << 20))
  let turns = 0
  let isDone = false
  const count = () => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  await contents.check({ path, what: WHAT })
  isDone = true
  t.true(turns >= 256, `${turns} turns, one for each slice at least`)
})
