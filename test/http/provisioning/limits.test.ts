import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { Contents } from '../../../src/net/content/contents.ts'
import { eventually } from '../../daemon/eventually.ts'
import { connected, serving, untilEnd } from './serving.ts'

const REQUEST = 'GET /boot/loaders/ipxe.efi HTTP/1.1\r\nHost: x\r\n\r\n'
/** More than the sockets of both sides hold. */
const LARGE = 64 << 20

for (const [rule, limits, why] of [
  ['one client', { perClient: 3, total: 100 }, '127.0.0.1 has 3 already, and may have no more'],
  ['all clients', { perClient: undefined, total: 3 }, 'there are 3 already, and may be no more']
] as const) {
  test(`a connection beyond the limit of ${rule} is told so and closed; when another ends there is room`, async (t) => {
    const { port, machines, folder, steps, connections } = await serving(t, { limits })
    writeFileSync(join(folder, 'ipxe.efi'), 'loader')
    const sockets = []
    for (let count = 0; count < 3; count += 1) sockets.push(await connected(t, port))
    await eventually(t, (tt) => tt.is(connections.total, 3))

    const refused = await connected(t, port)
    refused.write(REQUEST)
    const answer = (await untilEnd(refused)).toString()
    t.regex(answer, /^HTTP\/1\.1 503 /)
    t.regex(answer, /\r\nretry-after: 5\r\n/)
    t.regex(answer, /\r\nconnection: close\r\n/i)
    t.like(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), { code: 'too-many', detail: `connections: ${why}` })
    await eventually(t, (tt) => tt.like(steps[0], { level: 'warn', outcome: 'status-503' }))

    sockets[1]?.write(REQUEST)
    const [served] = await once(sockets[1] ?? refused, 'data')
    t.regex(String(served), /^HTTP\/1\.1 200 /)
    sockets[0]?.destroy()
    await eventually(t, async (tt) => tt.is((await machines.get('/boot/loaders/ipxe.efi')).text, 'loader'))
  })
}

test('of a flood of connections only so many are told why they are refused; the daemon keeps none', async (t) => {
  const { port, connections, steps } = await serving(t, { limits: { perClient: 1, total: 10 } })
  await connected(t, port)
  await eventually(t, (tt) => tt.is(connections.total, 1))
  const flood = await Promise.all(Array.from({ length: 200 }, () => connected(t, port)))
  await eventually(t, (tt) => tt.true(flood.filter((socket) => socket.destroyed).length >= 200 - 64))
  t.is(connections.total, 1)
  t.like(steps[0], { level: 'warn', outcome: 'too-many', asked: 'connection' })
  await eventually(t, (tt) => tt.true(flood.every((socket) => socket.destroyed)))
})

/** `idle` is long enough for a busy host. */
const SHORT = { idle: 1500, headers: 300, request: 400, check: 50 }

/** In memory already: loading it is no part of what is timed. */
async function loaded(contents: Contents, path: string, bytes: Buffer): Promise<void> {
  writeFileSync(path, bytes)
  const content = await contents.open(await contents.check({ path, what: 'loader' }), 'loader')
  await content?.release()
}

test('a reader that takes nothing is ended, and lets go of the file', async (t) => {
  const { port, folder, transfers, contents, connections } = await serving(t, { timeouts: SHORT, memory: LARGE })
  await loaded(contents, join(folder, 'ipxe.efi'), randomBytes(LARGE))
  const socket = await connected(t, port)
  socket.pause()
  socket.write(REQUEST)
  await eventually(t, (tt) => tt.is(transfers[0]?.complete, false))
  t.is(connections.total, 0)
  await loaded(contents, join(folder, 'other.efi'), randomBytes(LARGE - 1))
  t.is(contents.kept, LARGE - 1)
})

test('a reader that is slow and takes something is not ended', async (t) => {
  const { port, folder, transfers, contents } = await serving(t, { timeouts: SHORT, memory: LARGE })
  const bytes = randomBytes(LARGE)
  await loaded(contents, join(folder, 'ipxe.efi'), bytes)
  const socket = await connected(t, port)
  socket.write(REQUEST.replace('Host: x', 'Host: x\r\nConnection: close'))
  socket.on('data', () => {
    socket.pause()
    setTimeout(() => socket.resume(), 1)
  })
  const got = await untilEnd(socket)
  t.true(got.subarray(got.indexOf('\r\n\r\n') + 4).equals(bytes))
  t.is(transfers[0]?.complete, true)
})

for (const [what, head] of [
  ['its headers', 'GET /boot/loaders/ipxe.efi HTTP/1.1\r\nX-1: '],
  ['its body', 'POST /boot/attempts/x/status HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n']
] as const) {
  test(`a request that trickles ${what} in is ended`, async (t) => {
    const { port } = await serving(t, { timeouts: { ...SHORT, idle: 60_000 } })
    const socket = await connected(t, port)
    socket.write(head)
    const trickle = setInterval(() => socket.write('x'), 40)
    t.teardown(() => clearInterval(trickle))
    t.regex((await untilEnd(socket)).toString(), /^HTTP\/1\.1 408 /)
  })
}

test('a connection that asks nothing is ended', async (t) => {
  const { port, connections } = await serving(t, { timeouts: SHORT })
  await untilEnd(await connected(t, port))
  await eventually(t, (tt) => tt.is(connections.total, 0))
})
