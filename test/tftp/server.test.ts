import test, { type ExecutionContext } from 'ava'
import type { Step } from '../../src/net/step.ts'
import { get } from '../../src/tftp/client.ts'
import type { Packet } from '../../src/tftp/codec.ts'
import type { BootFile, BootFiles } from '../../src/tftp/files.ts'
import { ack, content, LOOPBACK, ManualClock, MemoryFiles, options, rrq } from './fakes.ts'
import { controlledSockets, openPeer, startServer } from './harness.ts'

const FILES = { 'ipxe.efi': content(1300), tiny: content(1) }
const memory = () => new MemoryFiles(FILES)

function fetch(port: number, file: string, values: Record<string, string | number> = {}) {
  return get({ server: { address: LOOPBACK, port }, file, options: values, timeoutMs: 30_000 })
}

/** A step as the log has it. */
const line = ({ asked, answered, level }: Pick<Step, 'asked' | 'answered' | 'level'>) =>
  `${level} ${asked} -> ${answered.replace(/in \d+ ms/, 'in N ms')}`

for (const blksize of [8, 512, 1468]) {
  for (const size of [0, 1, blksize - 1, blksize, blksize + 1, 3 * blksize]) {
    test(`a file of ${size} bytes in blocks of ${blksize} arrives whole`, async (t) => {
      const files = new MemoryFiles({ f: content(size) })
      const { port, reported } = await startServer(t, { files })
      const got = await fetch(port, 'f', { blksize, tsize: 0 })
      t.deepEqual(got.bytes, Buffer.from(content(size)))
      t.is(got.size, size)
      t.like(await reported('done'), { protocol: 'tftp', address: LOOPBACK, level: 'info' })
      t.is(files.opened, 0)
    })
  }
}

test('a file of more than 65536 blocks arrives whole: block numbers roll over', async (t) => {
  t.timeout(300_000)
  const size = 65_540 * 8 + 3
  const { port } = await startServer(t, { files: new MemoryFiles({ f: content(size) }) })
  const got = await fetch(port, 'f', { blksize: 8 })
  t.true(Buffer.from(content(size)).equals(got.bytes))
})

test('a transfer is two steps: what was answered, and how it ended', async (t) => {
  const { port, steps, reported } = await startServer(t, { files: memory() })
  await fetch(port, 'ipxe.efi', { tsize: 0, blksize: 9000 })
  await reported('done')
  t.deepEqual(steps.map(line), [
    'info RRQ ipxe.efi tsize blksize=9000 -> OACK tsize=1300 blksize=1468, 1.3 kB',
    'info RRQ ipxe.efi tsize blksize=9000 -> done: 1300 bytes in N ms'
  ])
})

test('options in upper case are answered, mode in any case', async (t) => {
  const { port } = await startServer(t, { files: memory() })
  const peer = await openPeer(t)
  peer.send(Buffer.from('\0\x01ipxe.efi\0OCTET\0BLKSIZE\x001024\0TSIZE\x000\0'), port)
  t.deepEqual((await peer.next()).packet, { type: 'OACK', options: options({ blksize: 1024, tsize: 1300 }) })
})

test('a transfer has a port of its own (RFC 1350, section 4)', async (t) => {
  const { port } = await startServer(t, { files: memory() })
  const peer = await openPeer(t)
  peer.send(rrq('tiny'), port)
  const first = await peer.next()
  t.not(first.port, port)
  t.deepEqual(first.packet, { type: 'DATA', block: 1, data: Buffer.from(content(1)) })
})

const REFUSED: readonly [rule: string, request: Packet, answer: Packet, step: string][] = [
  [
    'a file that is not there: ERROR 1',
    rrq('shim_certificate_0.efi', { blksize: 1468 }),
    { type: 'ERROR', code: 1, message: 'not found (ENOENT)' },
    'info RRQ shim_certificate_0.efi blksize=1468 -> ERROR 1: not found (ENOENT)'
  ],
  [
    'a write: ERROR 2',
    { ...rrq('ipxe.efi'), type: 'WRQ' },
    { type: 'ERROR', code: 2, message: 'read-only' },
    'info WRQ ipxe.efi -> ERROR 2: read-only'
  ],
  [
    'mode netascii: ERROR 4',
    { ...rrq('ipxe.efi'), mode: 'netascii' },
    { type: 'ERROR', code: 4, message: 'mode netascii is not served: ask in mode octet' },
    'info RRQ ipxe.efi -> ERROR 4: mode netascii is not served: ask in mode octet'
  ],
  [
    'mode mail: ERROR 4',
    { ...rrq('root'), mode: 'mail' },
    { type: 'ERROR', code: 4, message: 'mode mail is not served: ask in mode octet' },
    'info RRQ root -> ERROR 4: mode mail is not served: ask in mode octet'
  ],
  [
    'a name that would forge log lines is reported without control characters',
    rrq('a\nINFO b\x1b[2J'),
    { type: 'ERROR', code: 1, message: 'not found (ENOENT)' },
    'info RRQ a\ufffdINFO b\ufffd[2J -> ERROR 1: not found (ENOENT)'
  ]
]

for (const [rule, request, answer, step] of REFUSED) {
  test(`refused: ${rule}`, async (t) => {
    const { port, steps } = await startServer(t, { files: memory() })
    const peer = await openPeer(t)
    peer.send(request, port)
    t.deepEqual((await peer.next()).packet, answer)
    t.deepEqual(steps.map(line), [step])
  })
}

test('a file that fails to open: ERROR 0 without the details, which go to the log as a warning', async (t) => {
  const files: BootFiles = { open: () => Promise.reject(new Error('EIO: disk on fire')) }
  const { port, steps } = await startServer(t, { files })
  const peer = await openPeer(t)
  peer.send(rrq('f'), port)
  t.deepEqual((await peer.next()).packet, { type: 'ERROR', code: 0, message: 'the server failed: its log says why' })
  t.deepEqual(steps.map(line), ['warn RRQ f -> ERROR 0: EIO: disk on fire'])
})

test('a file that fails to be read ends its transfer with ERROR 0 and a warning', async (t) => {
  const file: BootFile = { size: 9, read: () => Promise.reject(new Error('EIO')), close: async () => {} }
  const { port, reported } = await startServer(t, { files: { open: async () => file } })
  await t.throwsAsync(fetch(port, 'f'), { message: /ERROR 0 the file could not be read/ })
  t.is(line(await reported('failed')), 'warn RRQ f -> ERROR 0: EIO')
})

test('EDK2 asks for the size, ends with ERROR 8 and asks again from another port: nothing to warn of', async (t) => {
  const { port, steps, reported } = await startServer(t, { files: memory() })
  const server = { address: LOOPBACK, port }
  const probe = { tsize: 0, blksize: 1468, windowsize: 4 }
  const { size, bytes } = await get({ server, file: 'ipxe.efi', options: probe, onlyAnswer: true, timeoutMs: 30_000 })
  t.is(size, 1300)
  t.is(bytes.length, 0)
  t.is(
    line(await reported('aborted')),
    'debug RRQ ipxe.efi tsize blksize=1468 windowsize=4 -> the client ended it at block 0: ERROR 8 User aborted the transfer'
  )
  t.deepEqual((await fetch(port, 'ipxe.efi', { blksize: 1468 })).bytes, Buffer.from(FILES['ipxe.efi']))
  t.false(steps.some(({ level }) => level === 'warn'))
})

/** A transfer that has sent its OACK, and nothing since. */
async function begun(t: ExecutionContext, clock = new ManualClock()) {
  const files = memory()
  const server = await startServer(t, { files, clock, limits: { maxTransfers: 1 } })
  const peer = await openPeer(t)
  const request = rrq('ipxe.efi', { blksize: 1024 })
  peer.send(request, server.port)
  const { port: tid } = await peer.next()
  return { ...server, files, peer, request, tid, clock }
}

test('a request that comes twice opens one transfer', async (t) => {
  const { port, peer, request, tid, reported, steps } = await begun(t)
  peer.send(request, port)
  await reported('duplicate')
  peer.send(ack(0), tid)
  t.like(await peer.next(), { port: tid, packet: { type: 'DATA', block: 1 } }, 'no second OACK came before it')
  peer.send(request, port)
  peer.send(ack(1), tid)
  t.like(await peer.next(), { port: tid, packet: { type: 'DATA', block: 2 } })
  peer.send(ack(2), tid)
  await reported('done')
  t.is(steps.filter(({ outcome }) => outcome === 'sent').length, 1)
})

test('a machine that was reset and asks from the same port again is not kept waiting for its old transfer', async (t) => {
  const { port, peer, request, tid, clock, reported, files } = await begun(t)
  peer.send(ack(0), tid)
  await peer.next()
  clock.advance(1000)
  t.like(await peer.next(), { port: tid, packet: { type: 'DATA', block: 1 } }, 'sent again: the client is silent')
  peer.send(request, port)
  const anew = await peer.next()
  t.is(anew.packet.type, 'OACK')
  t.not(anew.port, tid)
  t.is((await reported('stopped')).answered, 'ended: the client asked anew')
  t.is(files.opened, 1)
})

test('a client that asks for something else from the same port gets that', async (t) => {
  const { port, peer, tid } = await begun(t)
  peer.send(rrq('tiny'), port)
  const other = await peer.next()
  t.not(other.port, tid)
  t.like(other.packet, { type: 'DATA', block: 1 })
})

test('RFC 1350: a packet from another port is answered with ERROR 5, and the transfer goes on', async (t) => {
  const { peer, tid } = await begun(t)
  const stranger = await openPeer(t)
  stranger.send(ack(0), tid)
  t.like(await stranger.next(), { port: tid, packet: { type: 'ERROR', code: 5 } })
  peer.send(ack(0), tid)
  t.like(await peer.next(), { port: tid, packet: { type: 'DATA', block: 1 } })
})

test("another port's ERROR is neither answered nor does it end the transfer", async (t) => {
  const { peer, tid, steps } = await begun(t)
  const stranger = await openPeer(t)
  stranger.send({ type: 'ERROR', code: 0, message: 'die' }, tid)
  stranger.send(ack(0), tid)
  t.like((await stranger.next()).packet, { code: 5, message: 'this port serves another client' })
  t.deepEqual(steps.filter(({ outcome }) => outcome === 'stray').map(line), [
    "debug ERROR to another client's transfer -> nothing",
    "debug ACK to another client's transfer -> ERROR 5"
  ])
  peer.send(ack(0), tid)
  t.is((await peer.next()).packet.type, 'DATA')
})

test('datagrams that are no TFTP are counted and change nothing, at any port and from anyone', async (t) => {
  const { port, peer, tid, steps } = await begun(t)
  const stranger = await openPeer(t)
  for (const garbage of [Buffer.alloc(0), Buffer.from('\0\x09'), Buffer.from('\0\x04\0')]) {
    peer.send(garbage, tid)
    stranger.send(garbage, tid)
    stranger.send(garbage, port)
  }
  stranger.send(ack(1), port)
  stranger.send(rrq('none'), port)
  t.like((await stranger.next()).packet, { type: 'ERROR' }, 'the answer to the request is the first')
  peer.send(ack(0), tid)
  t.is((await peer.next()).packet.type, 'DATA')
  const count = (word: string) => steps.filter(({ outcome, level }) => outcome === word && level === 'debug').length
  t.is(count('malformed'), 9)
  t.is(count('stray'), 1)
})

test('a client that is not heard gets the packet 6 times, each a longer while later, and is then given up', async (t) => {
  const { peer, clock, reported, steps, files } = await begun(t)
  for (const seconds of [1, 2, 4, 8, 16]) {
    clock.advance(seconds * 1000 - 1)
    t.false(steps.some(({ outcome }) => outcome === 'timeout'))
    clock.advance(1)
    t.is((await peer.next()).packet.type, 'OACK')
  }
  clock.advance(32_000)
  t.is(line(await reported('timeout')), 'info RRQ ipxe.efi blksize=1024 -> given up: no ACK of the OACK after 6 tries')
  t.is(files.opened, 0)
})

test('beyond the bound on transfers a client is told to come back, and served when there is room', async (t) => {
  const { port, peer, tid, reported } = await begun(t)
  const other = await openPeer(t)
  other.send(rrq('tiny'), port)
  t.deepEqual((await other.next()).packet, { type: 'ERROR', code: 0, message: 'busy: 1 transfers are running' })
  t.is((await reported('busy')).level, 'warn')
  peer.send({ type: 'ERROR', code: 0, message: '' }, tid)
  await reported('aborted')
  other.send(rrq('tiny'), port)
  t.is((await other.next()).packet.type, 'DATA')
})

test('close ends a transfer at once, tells its client, and lets go of the file', async (t) => {
  const { peer, tid, close, files, reported, clock } = await begun(t)
  await close()
  t.deepEqual(await peer.next(), { port: tid, packet: { type: 'ERROR', code: 0, message: 'the server is stopping' } })
  t.is((await reported('stopped')).answered, 'ended: the server is stopping')
  t.is(files.opened, 0)
  t.is(clock.timers, 0)
})

test('close does not wait for a file that takes long to open, which is closed when it comes', async (t) => {
  const opening = Promise.withResolvers<BootFile>()
  const asked = Promise.withResolvers<void>()
  const open = () => {
    asked.resolve()
    return opening.promise
  }
  const { port, close } = await startServer(t, { files: { open } })
  const peer = await openPeer(t)
  peer.send(rrq('slow'), port)
  await asked.promise
  await close()
  t.deepEqual((await peer.next()).packet, { type: 'ERROR', code: 0, message: 'the server is stopping' })
  await new Promise<void>((closed) => {
    opening.resolve({ size: 1, read: () => t.fail('it is not read') as never, close: async () => closed() })
  })
  t.pass()
})

test('close waits for every socket, also of a transfer that its client has left', async (t) => {
  const sockets = controlledSockets()
  const { port, close, steps } = await startServer(t, { files: memory(), bind: sockets.bind })
  const peer = await openPeer(t)
  peer.send(rrq('ipxe.efi'), port)
  await peer.next()
  sockets.receive(rrq('tiny'), peer.port)
  const closing = close()
  sockets.receive(rrq('too-late'), peer.port)
  await closing
  t.is(sockets.open, 0)
  t.false(steps.some(({ asked }) => String(asked).includes('too-late')))
})

test('close while a transfer gets its socket ends that one too', async (t) => {
  const sockets = controlledSockets()
  const files = memory()
  const { port, close, reported } = await startServer(t, { files, bind: sockets.bind })
  const gate = Promise.withResolvers<void>()
  sockets.gate = gate.promise
  const opened = Promise.withResolvers<void>()
  const { open } = files
  files.open = async (name) => {
    const file = await open.call(files, name)
    setImmediate(opened.resolve)
    return file
  }
  const peer = await openPeer(t)
  peer.send(rrq('tiny'), port)
  await opened.promise
  const closing = close()
  gate.resolve()
  await closing
  t.is((await reported('stopped')).answered, 'ended: the server is stopping')
  t.is(sockets.open, 0)
  t.is(files.opened, 0)
})

test('of requests that come faster than they are served, only the last counts, and no other is answered', async (t) => {
  const sockets = controlledSockets()
  const files = memory()
  const { steps } = await startServer(t, { files, bind: sockets.bind })
  const peer = await openPeer(t)
  for (const blksize of [8, 16, 32]) sockets.receive(rrq('ipxe.efi', { blksize }), peer.port)
  t.deepEqual((await peer.next()).packet, { type: 'OACK', options: options({ blksize: 32 }) })
  t.deepEqual(steps.map(line), [
    'info RRQ ipxe.efi blksize=8 -> nothing: the client asked anew',
    'info RRQ ipxe.efi blksize=16 -> nothing: the client asked anew',
    'info RRQ ipxe.efi blksize=32 -> OACK blksize=32, 1.3 kB'
  ])
  t.is(files.opened, 1)
})

test('after close the port is free', async (t) => {
  const { port, close } = await startServer(t, { files: memory() })
  await close()
  await startServer(t, { files: memory(), port })
  t.pass()
})
