import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { allocate, DatagramReader, DatagramSocket, senderNumber } from '../../src/net/datagrams.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { loadLibc } from '../../src/net/libc.ts'
import { Bell, FAULTY, Poller, READABLE, WRITABLE } from '../../src/net/poller.ts'
import { bindingOf } from '../../src/net/socket.ts'

const LOOPBACK = '127.0.0.1' as Ipv4
const libc = loadLibc()

/** A socket of ours towards one of Node's, and what that one hears. */
async function pair(t: ExecutionContext) {
  const peer = createSocket('udp4')
  peer.bind(0, LOOPBACK)
  await once(peer, 'listening')
  const heard: Buffer[] = []
  const waiting: (() => void)[] = []
  peer.on('message', (bytes) => {
    heard.push(bytes)
    for (const wake of waiting.splice(0)) wake()
  })
  const client = { address: LOOPBACK, port: peer.address().port }
  const socket = new DatagramSocket(libc, { address: LOOPBACK, port: 0 }, client)
  const poller = new Poller(libc)
  poller.add(socket.fd)
  t.teardown(() => {
    poller.close()
    socket.close()
    peer.close()
  })
  const hears = async (count: number) => {
    while (heard.length < count) await new Promise<void>((wake) => waiting.push(wake))
    return heard
  }
  return { peer, client, socket, poller, hears }
}

test('a run of packets leaves in one call and arrives as packets, the last one shorter', async (t) => {
  const { socket, hears } = await pair(t)
  t.is(socket.mtu, 65_535)
  const memory = allocate(4096)
  for (let at = 0; at < 4096; at += 1) memory.bytes[at] = at >> 4
  const run = { memory, offset: 16, length: 10 * 100 + 7, packet: 100 }
  t.deepEqual(socket.sendRun(run), { taken: 11, delivery: 'sent' })
  const heard = await hears(11)
  t.deepEqual(
    heard.map(({ length }) => length),
    [...Array(10).fill(100), 7]
  )
  t.deepEqual(Buffer.concat(heard), memory.bytes.subarray(16, 16 + 1007))
})

test('of a long run as many packets leave as the system takes at once', async (t) => {
  const { socket } = await pair(t)
  const memory = allocate(400_000)
  t.is(socket.sendRun({ memory, offset: 0, length: 200 * 100, packet: 100 }).taken, 64)
  t.is(socket.sendRun({ memory, offset: 0, length: 200 * 1472, packet: 1472 }).taken, 44)
})

test('where the system refuses to cut packets apart, they leave one by one', async (t) => {
  const refusing = { ...libc, sendmsg: refuseSegments }
  const calls: number[] = []
  function refuseSegments(fd: number, message: bigint, flags: number): number {
    calls.push(fd)
    // EIO (5) is what an interface without checksums of its own gives; the first call is the one with segments.
    return calls.length === 1 ? libc.sendmsg(-1, message, flags) : libc.sendmsg(fd, message, flags)
  }
  const { client, hears } = await pair(t)
  const socket = new DatagramSocket(refusing as unknown as typeof libc, { address: LOOPBACK, port: 0 }, client)
  t.teardown(() => socket.close())
  const memory = allocate(4096)
  let sent = 0
  while (sent < 5) {
    const { taken } = socket.sendRun({ memory, offset: sent * 100, length: (5 - sent) * 100, packet: 100 })
    t.is(taken, 1)
    sent += taken
  }
  t.is((await hears(5)).length, 5)
  t.is(calls.length, 6)
})

test('packets longer than the path leave one by one, in fragments', async (t) => {
  const { socket, hears } = await pair(t)
  const memory = allocate(140_000)
  const run = { memory, offset: 0, length: 130_936, packet: 65_468 }
  t.is(socket.sendRun(run).taken, 1)
  t.is((await hears(1))[0]?.length, 65_468)
})

test('the poller tells of a datagram, the reader of its sender', async (t) => {
  const { peer, client, socket, poller } = await pair(t)
  t.is(poller.wait(0), 0)
  const port = bindingOf(libc, socket.fd)?.port as number
  await new Promise<void>((sent) => peer.send('hello', port, LOOPBACK, () => sent()))
  const ready: [number, number][] = []
  poller.each(poller.wait(60_000), (fd, events) => ready.push([fd, events]))
  t.deepEqual(ready, [[socket.fd, READABLE]])
  const reader = new DatagramReader(libc)
  t.is(Buffer.from(reader.receive(socket.fd) as Uint8Array).toString(), 'hello')
  t.is(reader.sender, senderNumber(client))
  t.deepEqual(reader.from, client)
  t.is(reader.receive(socket.fd), undefined)
  poller.watch(socket.fd, READABLE | WRITABLE)
  poller.each(poller.wait(60_000), (_fd, events) => t.is(events, WRITABLE))
})

test('a host that says that nobody listens is heard, once', async (t) => {
  const { socket, poller } = await pair(t)
  const closing = createSocket('udp4').bind(0, LOOPBACK)
  await once(closing, 'listening')
  const { port } = closing.address()
  closing.close()
  await once(closing, 'close')
  const gone = new DatagramSocket(libc, { address: LOOPBACK, port: 0 }, { address: LOOPBACK, port })
  t.teardown(() => gone.close())
  poller.remove(socket.fd)
  poller.add(gone.fd)
  t.is(gone.send(Buffer.from('anybody?')), 'sent')
  poller.each(poller.wait(60_000), (_fd, events) => t.truthy(events & FAULTY))
  t.true(gone.takeErrors())
  t.false(gone.takeErrors())
  t.is(poller.wait(0), 0)
})

test('a path that does not exist is an error with its code', (t) => {
  const nowhere = { address: '127.0.0.1' as Ipv4, port: 0 }
  t.throws(() => new DatagramSocket(libc, { address: '192.0.2.1' as Ipv4, port: 0 }, nowhere), {
    code: 'EADDRNOTAVAIL'
  })
})

test('a bell wakes up whoever has it watched, until it is silenced', (t) => {
  const poller = new Poller(libc)
  const bell = new Bell(libc)
  t.teardown(() => {
    poller.close()
    bell.close()
  })
  poller.add(bell.fd)
  t.is(poller.wait(0), 0)
  const other = new Bell(libc, bell.fd)
  other.ring()
  other.ring()
  t.is(poller.wait(60_000), 1)
  bell.silence()
  t.is(poller.wait(0), 0)
})
