import test from 'ava'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { get, TftpFailed } from '../../src/tftp/client.ts'
import { bindUdp } from '../../src/tftp/udp.ts'
import { ack, content, LOOPBACK, ManualClock, MemoryFiles, options } from './fakes.ts'
import { openPeer, startServer } from './harness.ts'

const files = new MemoryFiles({ 'ipxe.efi': content(2000) })

test('what was agreed comes with the bytes', async (t) => {
  const { port } = startServer(t, { files })
  const server = { address: LOOPBACK, port }
  const asked = { blksize: 1432, tsize: 0, windowsize: 4 }
  const got = await get({ server, file: 'ipxe.efi', options: asked, timeoutMs: 30_000 })
  t.deepEqual(got, { bytes: Buffer.from(content(2000)), size: 2000, accepted: options({ ...asked, tsize: 2000 }) })
})

test('without options there is no size', async (t) => {
  const { port } = startServer(t, { files })
  const got = await get({ server: { address: LOOPBACK, port }, file: 'ipxe.efi', timeoutMs: 30_000 })
  t.deepEqual(got, { bytes: Buffer.from(content(2000)), accepted: options() })
})

test("the server's ERROR is in the message, with file and server", async (t) => {
  const { port } = startServer(t, { files })
  const getting = get({ server: { address: LOOPBACK, port }, file: 'none.efi', timeoutMs: 30_000 })
  const error = await t.throwsAsync(getting, { instanceOf: TftpFailed, code: 'refused' })
  t.is(error.errorCode, 1)
  t.is(error.message, `none.efi from 127.0.0.1:${port} by TFTP: the server answered ERROR 1 not found (ENOENT)`)
})

test('a file larger than the bound is an error', async (t) => {
  const { port } = startServer(t, { files })
  const getting = get({ server: { address: LOOPBACK, port }, file: 'ipxe.efi', maxBytes: 1999, timeoutMs: 30_000 })
  const error = await t.throwsAsync(getting, { instanceOf: TftpFailed, code: 'too-large' })
  t.regex(error.message, /larger than the 1999 bytes/)
})

test('a server that says nothing is asked each second, until the time is over', async (t) => {
  const clock = new ManualClock()
  const silent = await openPeer(t)
  const server = { address: LOOPBACK, port: silent.port }
  const getting = get({ server, file: 'f', timeoutMs: 3000, clock })
  const error = t.throwsAsync(getting, { instanceOf: TftpFailed, code: 'silent', message: /no answer$/ })
  for (let asked = 0; asked < 3; asked++) {
    t.is((await silent.next()).packet.type, 'RRQ')
    clock.advance(1000)
  }
  await error
})

test('a server that falls silent: the message says how far it came', async (t) => {
  const clock = new ManualClock()
  const peer = await openPeer(t)
  const getting = get({ server: { address: LOOPBACK, port: peer.port }, file: 'f', timeoutMs: 1000, clock })
  const { port } = await peer.next()
  peer.send({ type: 'DATA', block: 1, data: content(512) }, port)
  t.deepEqual((await peer.next()).packet, ack(1))
  clock.advance(1000)
  await t.throwsAsync(getting, { code: 'silent', message: /fell silent after 512 bytes$/ })
})

test("RFC 1350, section 4: the first answer's port is the transfer's, another's packet gets ERROR 5", async (t) => {
  const listening = await openPeer(t)
  const [first, second] = [await openPeer(t), await openPeer(t)]
  const getting = get({ server: { address: LOOPBACK, port: listening.port }, file: 'f', timeoutMs: 30_000 })
  const { port } = await listening.next()
  first.send({ type: 'DATA', block: 1, data: content(512) }, port)
  t.deepEqual((await first.next()).packet, ack(1))
  second.send({ type: 'DATA', block: 2, data: content(9) }, port)
  t.like((await second.next()).packet, { type: 'ERROR', code: 5 })
  first.send({ type: 'DATA', block: 2, data: content(1) }, port)
  t.is((await getting).bytes.length, 513)
})

test('what comes from another address than the server is no answer', async (t) => {
  const server = await openPeer(t)
  const stranger = await openPeer(t, '127.0.0.2' as Ipv4)
  const getting = get({ server: { address: LOOPBACK, port: server.port }, file: 'f', timeoutMs: 30_000 })
  const { port } = await server.next()
  stranger.send({ type: 'DATA', block: 1, data: content(2) }, port)
  server.send({ type: 'DATA', block: 1, data: content(1) }, port)
  t.is((await getting).bytes.length, 1)
})

test('a request that this machine can not send is an error at once', async (t) => {
  const getting = get({ server: { address: LOOPBACK, port: 0 }, file: 'f', timeoutMs: 30_000, bind: bindUdp })
  await t.throwsAsync(getting, { instanceOf: TftpFailed, code: 'unsent' })
})
