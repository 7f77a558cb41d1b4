import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import test from 'ava'
import { UNSPECIFIED } from '../../src/net/ipv4.ts'
import { loadLibc } from '../../src/net/libc.ts'
import { adoptSocket, bindingOf, openSocket } from '../../src/net/socket.ts'
import { ip } from '../support/values.ts'
import { rawUdp } from './raw-socket.ts'

const libc = loadLibc()
const LOOPBACK = ip('127.0.0.1')
const [AF_UNIX, AF_INET, AF_INET6, SOCK_STREAM, SOCK_DGRAM] = [1, 2, 10, 1, 2] as const

test('a socket tells what it is bound to: its address and port, and its interface', async (t) => {
  const plain = openSocket(libc, { address: LOOPBACK, port: 0 })
  const { port } = plain.socket.address()
  t.deepEqual(bindingOf(libc, plain.fd), { address: LOOPBACK, port })
  await plain.close()
  const device = openSocket(libc, { address: UNSPECIFIED, port, device: 'lo' })
  t.deepEqual(bindingOf(libc, device.fd), { address: UNSPECIFIED, port, device: 'lo' })
  await device.close()
})

test('what is no UDP socket over IPv4 has no binding', (t) => {
  const sockets = [
    [AF_INET, SOCK_STREAM],
    [AF_INET6, SOCK_DGRAM],
    [AF_UNIX, SOCK_DGRAM]
  ] as const
  const descriptors: number[] = sockets.map(([family, type]) => libc.socket(family, type, 0))
  for (const fd of descriptors) {
    t.is(bindingOf(libc, fd), undefined)
    libc.close(fd)
  }
})

test('a socket is bound to the interface that is named, or there is none', async (t) => {
  await t.throwsAsync(async () => openSocket(libc, { address: UNSPECIFIED, port: 0, device: 'nosuch0' }), {
    code: 'ENODEV'
  })
  const bound = openSocket(libc, { address: UNSPECIFIED, port: 0, device: 'lo' })
  const client = createSocket('udp4')
  client.send('x', bound.socket.address().port, '127.0.0.1')
  const [bytes] = await once(bound.socket, 'message')
  t.is(String(bytes), 'x')
  client.close()
  await bound.close()
})

test('nobody binds the port beside a socket that does not share it; somebody does while it shares', async (t) => {
  const first = openSocket(libc, { address: LOOPBACK, port: 0 })
  const at = { address: LOOPBACK, port: first.socket.address().port }
  const beside = () => openSocket(libc, at, true)
  t.throws(beside, { code: 'EADDRINUSE' })
  first.share(true)
  const second = beside()
  t.throws(beside, { code: 'EADDRINUSE' }, 'a new one does not share')
  await Promise.all([first.close(), second.close()])
  await beside().close()
})

test('a socket that was opened elsewhere is taken over: it receives, sends, and shares its port no more', async (t) => {
  const adopted = adoptSocket(libc, rawUdp(LOOPBACK))
  const { port } = adopted.socket.address()
  t.throws(() => openSocket(libc, { address: LOOPBACK, port }, true), { code: 'EADDRINUSE' })
  const client = createSocket('udp4').bind(0, LOOPBACK)
  client.send('question', port, LOOPBACK)
  const [question, from] = await once(adopted.socket, 'message')
  adopted.socket.send(`${question} answered`, from.port, from.address)
  t.is(String((await once(client, 'message'))[0]), 'question answered')
  client.close()
  await adopted.close()
})

test('what is no UDP socket cannot be taken over, and stays open', (t) => {
  const fd: number = libc.socket(AF_UNIX, SOCK_STREAM, 0)
  t.throws(() => adoptSocket(libc, fd), { code: 'ERR_INVALID_FD_TYPE' })
  t.is(libc.close(fd), 0)
})
