import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, renameSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { eventually } from '../../daemon/eventually.ts'
import { connected, serving, untilEnd } from './serving.ts'

/** More than the sockets of both sides hold. */
const LARGE = 40 << 20

const tagOf = (bytes: Buffer) => `"${createHash('sha256').update(bytes).digest('hex')}"`

/** Loaders of these sizes, `0.efi` and so on, and what is in them. */
async function withLoaders(t: ExecutionContext, sizes: number[], options: Parameters<typeof serving>[1] = {}) {
  const site = await serving(t, options)
  const contents = sizes.map((size) => randomBytes(size))
  for (const [index, bytes] of contents.entries()) writeFileSync(join(site.folder, `${index}.efi`), bytes)
  return { ...site, files: contents, bytes: contents[0] as Buffer }
}

const asked = (name: string, more = '') => `GET /boot/loaders/${name} HTTP/1.1\r\nHost: x\r\n${more}\r\n`

test('a loader is told by its content: its tag is kept, and asked for again', async (t) => {
  const { machines, bytes } = await withLoaders(t, [1000])
  const first = await machines.get('/boot/loaders/0.efi')
  t.like(first.headers, { etag: tagOf(bytes), 'cache-control': 'no-cache', 'accept-ranges': 'bytes' })
  const again = await machines.get('/boot/loaders/0.efi', { 'if-none-match': tagOf(bytes) })
  t.deepEqual([again.status, again.bytes.length, again.headers.etag], [304, 0, tagOf(bytes)])
  t.is(again.headers['content-length'], undefined)
  const other = await machines.get('/boot/loaders/0.efi', { 'if-match': '"other"' })
  t.deepEqual([other.status, other.body.code], [412, 'stale'])
})

test('a loader that was replaced is another version: the rest of the old one is not to be had', async (t) => {
  const { machines, folder, bytes, told } = await withLoaders(t, [1000])
  t.is((await machines.get('/boot/loaders/0.efi')).status, 200)
  const changed = randomBytes(1000)
  writeFileSync(join(folder, 'new'), changed)
  renameSync(join(folder, 'new'), join(folder, '0.efi'))
  const rest = await machines.get('/boot/loaders/0.efi', { range: 'bytes=500-', 'if-range': tagOf(bytes) })
  t.is(rest.status, 200)
  t.true(rest.bytes.equals(changed))
  t.is(rest.headers.etag, tagOf(changed))
  t.deepEqual(told.length, 1)
})

test('HEAD tells of a file as GET does, ignores ranges, and loads nothing', async (t) => {
  const { machines, contents, bytes, transfers } = await withLoaders(t, [100_000])
  const {
    status,
    headers,
    bytes: got
  } = await machines.send('HEAD', '/boot/loaders/0.efi', undefined, {
    range: 'bytes=0-9'
  })
  t.is(status, 200)
  t.like(headers, { 'content-length': '100000', etag: tagOf(bytes) })
  t.is(got.length, 0)
  t.is(contents.kept, 0)
  t.deepEqual(transfers, [])
})

test('an empty file is served as one', async (t) => {
  const { machines } = await withLoaders(t, [0])
  const { status, headers, bytes } = await machines.get('/boot/loaders/0.efi')
  t.deepEqual([status, headers['content-length'], bytes.length], [200, '0', 0])
  t.is((await machines.get('/boot/loaders/0.efi', { range: 'bytes=-5' })).status, 416)
})

test('loaders lie in folders too, and are found in another case', async (t) => {
  const { machines, folder } = await withLoaders(t, [])
  mkdirSync(join(folder, 'debian'))
  writeFileSync(join(folder, 'debian', 'shimx64.efi'), 'shim')
  for (const name of ['debian/shimx64.efi', 'DEBIAN/ShimX64.EFI', '/debian//shimx64.efi', 'debian%2fshimx64.efi']) {
    t.is((await machines.get(`/boot/loaders/${name}`)).text, 'shim', name)
  }
})

for (const name of [
  '%2e%2e%2fsecret',
  '..%5csecret',
  '%252e%252e%252fsecret',
  '%252e%252e/secret',
  '..%2f..%2f..%2f..%2fetc%2fpasswd',
  'debian/%2e%2e/%2e%2e/secret',
  'ipxe.efi%00',
  '%00',
  '%c0%ae%c0%ae/secret',
  'a%0d%0ab',
  '....//secret'
]) {
  test(`nothing outside is a loader, by whatever spelling: ${name}`, async (t) => {
    const { machines, folder, internal } = await withLoaders(t, [])
    writeFileSync(join(folder, '..', 'secret'), 'secret')
    writeFileSync(join(folder, 'ipxe.efi'), 'loader')
    const { status, text } = await machines.get(`/boot/loaders/${name}`)
    t.true(status === 404 || status === 400, String(status))
    t.false(text.includes(folder))
    t.deepEqual(internal, [])
  })
}

test('a loader that firmware is told of and that is missing is named with its package, to a person too', async (t) => {
  const { machines, steps } = await withLoaders(t, [])
  const { status, body } = await machines.get('/boot/loaders/IPXE.EFI')
  t.is(status, 404)
  t.is(body.detail, "loader IPXE.EFI: not found (ENOENT); Debian's package ipxe has it")
  await machines.get('/boot/loaders/grub.cfg')
  await eventually(t, (tt) =>
    tt.deepEqual(
      steps.map(({ level }) => level),
      ['warn', 'info']
    )
  )
})

test('one connection serves many requests, one after the other', async (t) => {
  const { machines, files } = await withLoaders(t, [10, 2_000_000, 0])
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const sockets = new Set<Socket>()
  for (const index of [0, 1, 2, 1, 0]) {
    const call = get(`${machines.url}/boot/loaders/${index}.efi`, { agent })
    const [response] = await once(call, 'response')
    sockets.add(response.socket)
    t.true(Buffer.concat(await response.toArray()).equals(files[index] as Buffer))
  }
  t.is(sockets.size, 1)
})

test('requests that come before the answers are answered in their order', async (t) => {
  const { port, files } = await withLoaders(t, [10, 3_000_000, 70_000], { memory: 1 << 20 })
  const socket = await connected(t, port)
  const order = [1, 0, 2, 1, 2, 0]
  socket.write(order.map((index) => asked(`${index}.efi`)).join('') + asked('none', 'Connection: close\r\n'))
  let rest = await untilEnd(socket)
  for (const index of order) {
    const head = rest.indexOf('\r\n\r\n') + 4
    const expected = files[index] as Buffer
    t.regex(
      rest.toString('latin1', 0, head),
      new RegExp(`^HTTP/1.1 200 OK\r\n[\\s\\S]*content-length: ${expected.length}\r\n`)
    )
    t.true(rest.subarray(head, head + expected.length).equals(expected), `file ${index}`)
    rest = rest.subarray(head + expected.length)
  }
  t.regex(rest.toString('latin1'), /^HTTP\/1.1 404/)
})

test('a client that asks for much and takes nothing holds one file, and none when it is gone', async (t) => {
  const { port, transfers, contents, files, machines } = await withLoaders(t, [LARGE, LARGE + 1], {
    memory: LARGE + 10
  })
  const socket = await connected(t, port)
  socket.write(asked('0.efi').repeat(200) + asked('1.efi').repeat(200))
  await eventually(t, (tt) => tt.is(transfers.length, 1))
  t.is(contents.kept, LARGE)
  socket.destroy()
  await eventually(t, (tt) =>
    tt.deepEqual(
      transfers.map(({ complete }) => complete),
      [false]
    )
  )
  t.true((await machines.get('/boot/loaders/1.efi')).bytes.equals(files[1] as Buffer))
  t.is(contents.kept, LARGE + 1, 'what nobody sends from makes room')
})

for (const [where, memory] of [
  ['memory', 2 * LARGE],
  ['disk', 0]
] as const) {
  test(`a transfer from ${where} is watched from its beginning to its end`, async (t) => {
    const { machines, transfers } = await withLoaders(t, [3_000_000], { memory })
    await machines.get('/boot/loaders/0.efi')
    await machines.get('/boot/loaders/0.efi', { range: 'bytes=2000000-' })
    await machines.get('/boot/loaders/0.efi', { range: 'bytes=0-999999' })
    await eventually(t, (tt) =>
      tt.deepEqual(
        transfers.map(({ complete }) => complete),
        [true, true, false]
      )
    )
    t.like(transfers[0], { protocol: 'http', client: '127.0.0.1', file: '0.efi', size: 3_000_000 })
    t.deepEqual(
      transfers.map(({ reached }) => reached.at(-1)),
      [3_000_000, 3_000_000, 1_000_000]
    )
  })

  test(`how far a slow reader is, is told while it reads from ${where}`, async (t) => {
    const { port, transfers, steps } = await withLoaders(t, [LARGE], { memory })
    const socket = await connected(t, port)
    socket.write(asked('0.efi'))
    let taken = 0
    socket.on('data', (part) => {
      taken += part.length
      socket.pause()
      setTimeout(() => socket.resume(), 5)
    })
    await eventually(t, (tt) => tt.true((transfers[0]?.reached.length ?? 0) >= 3))
    socket.destroy()
    await eventually(t, (tt) => tt.is(transfers[0]?.complete, false))
    const reached = transfers[0]?.reached ?? []
    t.deepEqual(
      reached,
      reached.toSorted((a, b) => a - b)
    )
    t.true((reached.at(-1) ?? 0) < LARGE && taken > 0)
    await eventually(t, (tt) => tt.like(steps[0], { outcome: 'cut-short', level: 'info' }))
  })
}

for (const [how, alter] of [
  [
    'changed in place, its times set back',
    (path: string) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(path, randomBytes(LARGE))
      utimesSync(path, atime, mtime)
    }
  ],
  ['cut', (path: string) => truncateSync(path, LARGE / 2)]
] as const) {
  test(`a file that is ${how} while it is sent ends the connection: a short body, never a wrong one`, async (t) => {
    const { port, folder, bytes, told, steps } = await withLoaders(t, [LARGE], { memory: 0 })
    const socket = await connected(t, port)
    socket.pause()
    socket.write(asked('0.efi'))
    await once(socket, 'readable')
    alter(join(folder, '0.efi'))
    const got = await untilEnd(socket)
    const body = got.subarray(got.indexOf('\r\n\r\n') + 4)
    t.true(body.length < LARGE)
    t.true(body.equals(bytes.subarray(0, body.length)))
    t.deepEqual(told, ['loader 0.efi was changed on disk while it was sent: the transfer was ended'])
    await eventually(t, (tt) => tt.like(steps[0], { level: 'warn', outcome: 'cut-short' }))
  })
}

test('a file in memory that is changed while it is sent goes out whole as it was', async (t) => {
  const { port, folder, bytes } = await withLoaders(t, [LARGE], { memory: LARGE })
  const socket = await connected(t, port)
  socket.pause()
  socket.write(asked('0.efi', 'Connection: close\r\n'))
  await once(socket, 'readable')
  writeFileSync(join(folder, '0.efi'), 'another')
  const got = await untilEnd(socket)
  t.true(got.subarray(got.indexOf('\r\n\r\n') + 4).equals(bytes))
})

test('whatever is asked for in whatever order, and changed meanwhile, each body is that of its tag', async (t) => {
  const { machines, folder, contents } = await withLoaders(t, [], { memory: 150_000 })
  const name = fc.constantFrom('a.efi', 'b.efi', 'c.efi', 'd.efi')
  const size = fc.constantFrom(0, 1, 1000, 65_536, 65_537, 100_000, 200_000)
  const action = fc.oneof(
    fc.record({ write: name, size }),
    fc.record({ ask: fc.array(fc.record({ name, range: fc.option(fc.nat(70_000)) }), { minLength: 1, maxLength: 4 }) })
  )
  const isRight = fc.asyncProperty(fc.array(action, { maxLength: 8 }), async (actions) => {
    const versions = new Map<string, Buffer>()
    const write = (each: string, length: number) => {
      const bytes = randomBytes(length)
      versions.set(tagOf(bytes), bytes)
      writeFileSync(join(folder, 'new'), bytes)
      renameSync(join(folder, 'new'), join(folder, each))
      return bytes
    }
    const now = new Map(['a.efi', 'b.efi', 'c.efi', 'd.efi'].map((each) => [each, write(each, 1000)]))
    for (const each of actions) {
      if ('write' in each) now.set(each.write, write(each.write, each.size))
      else {
        const answers = await Promise.all(
          each.ask.map(({ name: file, range }) =>
            machines
              .get(`/boot/loaders/${file}`, range === null ? {} : { range: `bytes=${range}-` })
              .then((answer) => ({ ...answer, file, start: answer.status === 206 ? (range ?? 0) : 0 }))
          )
        )
        for (const { status, headers, bytes, file, start } of answers) {
          if (status === 416) continue
          if (!bytes.equals((now.get(file) as Buffer).subarray(start))) return false
          if (headers.etag !== tagOf(now.get(file) as Buffer)) return false
        }
      }
      if (contents.kept > 150_000) return false
    }
    return true
  })
  await t.notThrowsAsync(fc.assert(isRight, { numRuns: 25 }))
})
