import type { Socket } from 'node:dgram'
import test, { type ExecutionContext } from 'ava'
import { BATCH, BatchReceiver, BatchSender, LONGEST_SENT } from '../../src/net/batch.ts'
import type { Endpoint } from '../../src/net/endpoint.ts'
import { loadLibc } from '../../src/net/libc.ts'
import { openSocket } from '../../src/net/socket.ts'
import { ip } from '../support/values.ts'

const libc = loadLibc()
const receiver = new BatchReceiver(libc)

/** Two sockets on loopback addresses of their own; Linux has what one sent in the other's buffer at once. */
async function pair(t: ExecutionContext) {
  const open = async (address: string) => {
    const { socket, fd } = await openSocket(libc, { address: ip(address), port: 0 })
    t.teardown(() => closed(socket))
    return { fd, socket, endpoint: { address: ip(address), port: socket.address().port } }
  }
  const [from, to] = [await open('127.0.0.1'), await open('127.0.0.2')]
  return { from, to, sender: new BatchSender(libc, from.fd) }
}

const closed = (socket: Socket) => new Promise<void>((resolve) => socket.close(resolve))

function received(fd: number) {
  const datagrams: { bytes: number[]; from: Endpoint }[] = []
  const count = receiver.receive(fd, (bytes, from) => datagrams.push({ bytes: [...bytes], from }))
  return { count, datagrams }
}

const unexpected = (error: Error) => {
  throw error
}

test('a batch arrives whole and in order, each datagram with its length and origin, an empty one too', async (t) => {
  const { from, to, sender } = await pair(t)
  const sent = Array.from({ length: BATCH }, (_, index) =>
    Array.from({ length: index * 3 }, (_, at) => (index + at) & 255)
  )
  for (const bytes of sent) {
    t.false(sender.isFull)
    sender.add(Uint8Array.from(bytes), to.endpoint)
  }
  t.true(sender.isFull)
  t.is(received(to.fd).count, 0, 'nothing leaves before it is flushed')
  sender.flush(unexpected)
  t.false(sender.isFull)
  const { count, datagrams } = received(to.fd)
  t.is(count, BATCH)
  t.deepEqual(
    datagrams,
    sent.map((bytes) => ({ bytes, from: from.endpoint }))
  )
})

test('what is more than a batch comes with the next call; then there is nothing', async (t) => {
  const { to, sender } = await pair(t)
  for (const count of [BATCH, 10]) {
    for (let index = 0; index < count; index += 1) sender.add(Uint8Array.of(index), to.endpoint)
    sender.flush(unexpected)
  }
  t.deepEqual([received(to.fd).count, received(to.fd).count, received(to.fd).count], [BATCH, 10, 0])
})

test('what was handed over stays as it was when more is received', async (t) => {
  const { to, sender } = await pair(t)
  const kept: Uint8Array[] = []
  for (const value of [1, 2]) {
    sender.add(new Uint8Array(300).fill(value), to.endpoint)
    sender.flush(unexpected)
    receiver.receive(to.fd, (bytes) => kept.push(bytes))
  }
  t.deepEqual(
    kept.map((bytes) => new Set(bytes)),
    [new Set([1]), new Set([2])]
  )
})

test("what is sent is as it was when it was added: the caller's memory is free for the next", async (t) => {
  const { to, sender } = await pair(t)
  const scratch = new Uint8Array(LONGEST_SENT)
  for (const value of [1, 2]) sender.add(scratch.fill(value), to.endpoint)
  sender.flush(unexpected)
  t.deepEqual(
    received(to.fd).datagrams.map(({ bytes }) => [bytes.length, bytes[0]]),
    [
      [LONGEST_SENT, 1],
      [LONGEST_SENT, 2]
    ]
  )
})

test("UDP's longest datagram is received whole", async (t) => {
  const { from, to } = await pair(t)
  const longest = 65_535 - 20 - 8
  await new Promise((sent) => from.socket.send(new Uint8Array(longest).fill(7), to.endpoint.port, '127.0.0.2', sent))
  const [datagram] = received(to.fd).datagrams
  t.is(datagram?.bytes.length, longest)
  t.deepEqual(new Set(datagram?.bytes), new Set([7]))
})

test('what the system does not take is told with the reason; what comes before and after it is sent', async (t) => {
  const { to, sender } = await pair(t)
  const nowhere = { ...to.endpoint, port: 0 }
  const told: unknown[] = []
  for (const [value, endpoint] of [
    [1, nowhere],
    [2, to.endpoint],
    [3, nowhere],
    [4, to.endpoint],
    [5, nowhere]
  ] as const) {
    sender.add(Uint8Array.of(value), endpoint)
  }
  sender.flush((error, bytes, endpoint) => told.push([error.code, [...bytes], endpoint]))
  t.deepEqual(
    told,
    [1, 3, 5].map((value) => ['EINVAL', [value], nowhere])
  )
  t.deepEqual(
    received(to.fd).datagrams.map(({ bytes }) => bytes),
    [[2], [4]]
  )
  sender.flush(unexpected)
  t.is(received(to.fd).count, 0, 'nothing is sent twice')
})
