import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import {
  type Datagram,
  type Interface,
  openUdp,
  SocketError,
  type UdpHandlers,
  type UdpSocket
} from '../../src/net/udp.ts'

const LOOPBACK = { name: 'lo', address: '127.0.0.1' as Ipv4 }
const deaf: UdpHandlers = { receive() {}, failed() {} }

async function open(at: Interface, port: number, handlers: UdpHandlers): Promise<UdpSocket> {
  const [socket] = await openUdp([at], port, handlers)
  return socket as UdpSocket
}

test('what is sent to an interface is received with its origin, and answered', async (t) => {
  const received: Datagram[] = []
  const server = await open(LOOPBACK, 0, {
    ...deaf,
    receive(datagram) {
      received.push(datagram)
      datagram.socket.send(Uint8Array.of(...datagram.bytes, 4), datagram.from)
    }
  })
  const client = createSocket('udp4').bind(0, '127.0.0.1')
  client.send(Uint8Array.of(1, 2, 3), server.port, '127.0.0.1')
  const [reply, from] = await once(client, 'message')
  t.deepEqual(Array.from(reply), [1, 2, 3, 4])
  t.is(from.port, server.port)
  const [first] = received
  t.deepEqual(first && { ...first, bytes: Array.from(first.bytes) }, {
    bytes: [1, 2, 3],
    from: { address: '127.0.0.1' as Ipv4, port: client.address().port },
    cast: 'unicast',
    socket: server
  })
  client.close()
  await server.close()
})

test('closing frees the port at once', async (t) => {
  const first = await open(LOOPBACK, 0, deaf)
  await first.close()
  const second = await open(LOOPBACK, first.port, deaf)
  t.is(second.port, first.port)
  await second.close()
})

test('sending never throws: what cannot be sent is told', async (t) => {
  const failures: Error[] = []
  const socket = await open(LOOPBACK, 0, { ...deaf, failed: (error) => failures.push(error) })
  socket.send(new Uint8Array(1), { address: '127.0.0.1' as Ipv4, port: 0 })
  await setImmediate()
  t.is(failures.length, 1)
  await socket.close()
  socket.send(new Uint8Array(1), { address: '127.0.0.1' as Ipv4, port: 9 })
  t.is(failures.length, 2)
})

test('a port that another program holds: the error names port, address and the command that finds it', async (t) => {
  const other = await open(LOOPBACK, 0, deaf)
  const error = await t.throwsAsync(open(LOOPBACK, other.port, deaf), {
    instanceOf: SocketError,
    code: 'EADDRINUSE'
  })
  t.regex(
    error.message,
    new RegExp(`^UDP port ${other.port} of 127\\.0\\.0\\.1 on lo is held by another .* \`ss -lunp`)
  )
  await other.close()
})

test('an interface that is not there', async (t) => {
  await t.throwsAsync(open({ name: 'nosuch0', address: '192.0.2.1' as Ipv4 }, 0, deaf), {
    instanceOf: SocketError,
    code: 'ENODEV',
    message: 'there is no interface nosuch0: `ip link` lists those there are'
  })
})

test('an address that the interface does not have', async (t) => {
  await t.throwsAsync(open({ name: 'lo', address: '192.0.2.1' as Ipv4 }, 0, deaf), {
    instanceOf: SocketError,
    code: 'EADDRNOTAVAIL',
    message: '192.0.2.1 is not an address of lo: `ip address` lists those there are'
  })
})

test("another interface's address is refused, with the interface that has it", async (t) => {
  const [name, addresses] = Object.entries(networkInterfaces()).find(([each]) => each !== 'lo') ?? []
  const address = addresses?.find(({ family }) => family === 'IPv4')?.address as Ipv4 | undefined
  if (address === undefined) return t.pass('this machine has only loopback')
  const error = await t.throwsAsync(open({ name: 'lo', address }, 0, deaf), { code: 'EADDRNOTAVAIL' })
  t.is(error?.message, `${address} is an address of ${name}, not of lo`)
})
