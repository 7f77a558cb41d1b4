import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { stampOf } from '../../src/net/steady-file.ts'
import type { Step } from '../../src/net/step.ts'
import { get } from '../../src/tftp/client.ts'
import type { Packet } from '../../src/tftp/codec.ts'
import type { BootFile, BootFiles } from '../../src/tftp/files.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { content, LOOPBACK, MemoryFiles, options, rrq } from './fakes.ts'
import { openPeer, startServer } from './harness.ts'

const FILES = { 'ipxe.efi': content(1300), tiny: content(1), text: Buffer.from('a\nb\r\n') }
/** Seconds: nothing is sent again while the test runs, however slow the machine is. */
const PATIENT = 255

const memory = () => new MemoryFiles(FILES)

function fetch(port: number, file: string, values: Record<string, string | number> = {}) {
  return get({ server: { address: LOOPBACK, port }, file, options: values, timeoutMs: 30_000 })
}

/** A step as the log has it. */
const line = ({ asked, answered, level }: Pick<Step, 'asked' | 'answered' | 'level'>) =>
  `${level} ${asked} -> ${answered.replace(/in \d+ ms/, 'in N ms')}`

for (const blksize of [8, 512, 1468, 65_464]) {
  for (const windowsize of [1, 4, 64]) {
    test(`files of any size arrive whole in blocks of ${blksize}, windows of ${windowsize}`, async (t) => {
      const sizes = [0, 1, blksize - 1, blksize, blksize + 1, 5 * blksize, 100_001]
      const files = new MemoryFiles(Object.fromEntries(sizes.map((size) => [String(size), content(size)])))
      const { port, reported } = startServer(t, { files })
      for (const size of sizes) {
        const got = await fetch(port, String(size), { blksize, tsize: 0, ...(windowsize > 1 && { windowsize }) })
        t.true(Buffer.from(content(size)).equals(got.bytes), `${size} bytes`)
        t.is(got.size, size)
      }
      t.like(await reported('done'), { protocol: 'tftp', address: LOOPBACK, level: 'info' })
    })
  }
}

test('a file of more than 65536 blocks arrives whole: block numbers roll over', async (t) => {
  t.timeout(300_000)
  const size = 65_540 * 8 + 3
  const { port } = startServer(t, { files: new MemoryFiles({ f: content(size) }) })
  for (const windowsize of [1, 32]) {
    const got = await fetch(port, 'f', { blksize: 8, ...(windowsize > 1 && { windowsize }) })
    t.true(Buffer.from(content(size)).equals(got.bytes), `windows of ${windowsize}`)
  }
})

test('a file on disk arrives whole, by several clients at once and with little memory', async (t) => {
  const path = join(tempFolder(t), 'f')
  writeFileSync(path, content(3_000_000))
  const file = { path, size: 3_000_000, sha256: '', stamp: stampOf(statSync(path, { bigint: true })) }
  const { port } = startServer(t, { files: { open: async () => file }, memory: 0 })
  const wishes = [512, 1468, 1468, 65_464].map((blksize) => fetch(port, 'f', { blksize, windowsize: 16 }))
  for (const { bytes } of await Promise.all(wishes)) t.true(Buffer.from(content(3_000_000)).equals(bytes))
})

test('a transfer is two steps: what was answered, and how it ended', async (t) => {
  const { port, steps, reported } = startServer(t, { files: memory() })
  await fetch(port, 'ipxe.efi', { tsize: 0, blksize: 900, windowsize: 4 })
  await reported('done')
  const told = steps.filter(({ level }) => level !== 'debug')
  t.deepEqual(told.map(line), [
    'info RRQ ipxe.efi tsize blksize=900 windowsize=4 -> OACK tsize=1300 blksize=900 windowsize=4, 1.3 kB',
    'info RRQ ipxe.efi tsize blksize=900 windowsize=4 -> done: 1300 bytes in N ms'
  ])
})

test('who watches is told of the transfer, its bytes and its end', async (t) => {
  const { port, reported, watched } = startServer(t, { files: memory() })
  await fetch(port, 'ipxe.efi')
  await reported('done')
  t.deepEqual([watched[0], watched.at(-2), watched.at(-1)], ['ipxe.efi of 1300', '1300', 'whole'])
})

test('options in upper case are answered, mode in any case', async (t) => {
  const { port } = startServer(t, { files: memory() })
  const peer = await openPeer(t)
  peer.send(Buffer.from('\0\x01ipxe.efi\0OCTET\0BLKSIZE\x001024\0TSIZE\x000\0'), port)
  t.deepEqual((await peer.next()).packet, { type: 'OACK', options: options({ blksize: 1024, tsize: 1300 }) })
})

test('mode netascii: lines end in CR LF, and tsize is what is sent', async (t) => {
  const { port } = startServer(t, { files: memory() })
  const peer = await openPeer(t)
  peer.send({ ...rrq('text', { tsize: 0, timeout: PATIENT }), mode: 'netascii' }, port)
  const { packet, port: tid } = await peer.next()
  t.deepEqual(packet, { type: 'OACK', options: options({ tsize: 8, timeout: PATIENT }) })
  peer.send({ type: 'ACK', block: 0 }, tid)
  t.deepEqual((await peer.next()).packet, { type: 'DATA', block: 1, data: Buffer.from('a\r\nb\r\0\r\n') })
})

test('a transfer has a port of its own (RFC 1350, section 4), and strangers there get ERROR 5', async (t) => {
  const { port } = startServer(t, { files: memory() })
  const peer = await openPeer(t)
  peer.send(rrq('ipxe.efi', { timeout: PATIENT }), port)
  const first = await peer.next()
  t.not(first.port, port)
  t.is(first.packet.type, 'OACK')
  const stranger = await openPeer(t)
  stranger.send({ type: 'ACK', block: 0 }, first.port)
  t.like(await stranger.next(), { port: first.port, packet: { type: 'ERROR', code: 5 } })
  peer.send({ type: 'ACK', block: 0 }, first.port)
  t.like(await peer.next(), { port: first.port, packet: { type: 'DATA', block: 1 } })
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
    const { port, close, steps } = startServer(t, { files: memory() })
    const peer = await openPeer(t)
    peer.send(request, port)
    t.deepEqual((await peer.next()).packet, answer)
    await close()
    t.deepEqual(steps.map(line), [step])
  })
}

test('a file that fails to open: ERROR 0 without the details, which go to the log as a warning', async (t) => {
  const files: BootFiles = { open: () => Promise.reject(new Error('EIO: disk on fire')) }
  const { port, reported } = startServer(t, { files })
  const peer = await openPeer(t)
  peer.send(rrq('f'), port)
  t.deepEqual((await peer.next()).packet, { type: 'ERROR', code: 0, message: 'the server failed: its log says why' })
  t.is(line(await reported('failed')), 'warn RRQ f -> ERROR 0: EIO: disk on fire')
})

test('a file that was changed since it was looked for is not sent', async (t) => {
  const path = join(tempFolder(t), 'f')
  writeFileSync(path, content(9))
  const { port, reported } = startServer(t, {
    files: { open: async () => ({ path, size: 9, sha256: '', stamp: 'old' }) }
  })
  await t.throwsAsync(fetch(port, 'f'), { message: /ERROR 0 the server failed/ })
  t.is(line(await reported('failed')), 'warn RRQ f -> ERROR 0: the file was changed while it was opened')
})

test('EDK2 asks for the size, ends with ERROR 8 and asks again from another port: nothing to warn of', async (t) => {
  const { port, steps, reported } = startServer(t, { files: memory() })
  const server = { address: LOOPBACK, port }
  const probe = { tsize: 0, blksize: 1468, windowsize: 4 }
  const { size, bytes } = await get({ server, file: 'ipxe.efi', options: probe, onlyAnswer: true, timeoutMs: 30_000 })
  t.is(size, 1300)
  t.is(bytes.length, 0)
  t.is(
    line(await reported('aborted')),
    'debug RRQ ipxe.efi tsize blksize=1468 windowsize=4 -> the client ended it at block 0: ERROR 8 User aborted the transfer'
  )
  const again = await fetch(port, 'ipxe.efi', { blksize: 1468, windowsize: 4 })
  t.deepEqual(again.bytes, Buffer.from(FILES['ipxe.efi']))
  t.false(steps.some(({ level }) => level === 'warn'))
})

test('a client whose port is closed is given up within a second', async (t) => {
  const { port, reported } = startServer(t, { files: memory() })
  const peer = await openPeer(t)
  peer.send(rrq('ipxe.efi'), port)
  await peer.next()
  await peer.close()
  t.regex((await reported('timeout')).answered, /its host says that nobody listens/)
})

test('close ends a transfer at once and tells its client', async (t) => {
  const { port, close, reported } = startServer(t, { files: memory() })
  const peer = await openPeer(t)
  peer.send(rrq('ipxe.efi', { timeout: PATIENT }), port)
  const { port: tid } = await peer.next()
  await close()
  t.deepEqual(await peer.next(), { port: tid, packet: { type: 'ERROR', code: 0, message: 'the server is stopping' } })
  t.is((await reported('stopped')).answered, 'ended: the server is stopping')
})

test('close does not wait for a file that takes long to be found', async (t) => {
  const finding = Promise.withResolvers<BootFile>()
  const asked = Promise.withResolvers<void>()
  const open = () => {
    asked.resolve()
    return finding.promise
  }
  const { port, close } = startServer(t, { files: { open } })
  const peer = await openPeer(t)
  peer.send(rrq('slow'), port)
  await asked.promise
  await close()
  t.deepEqual((await peer.next()).packet, { type: 'ERROR', code: 0, message: 'the server is stopping' })
  finding.resolve({ bytes: content(1) })
})

test('after close the port is free', async (t) => {
  const { port, close } = startServer(t, { files: memory() })
  await close()
  t.is(startServer(t, { files: memory(), port }).port, port)
})
