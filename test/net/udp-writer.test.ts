import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import test from 'ava'
import { LONGEST_SENT } from '../../src/net/batch.ts'
import { loadLibc } from '../../src/net/libc.ts'
import { openSocket } from '../../src/net/socket.ts'
import { UdpWriter } from '../../src/net/udp-writer.ts'
import { ip } from '../support/values.ts'

const LOOPBACK = ip('127.0.0.1')
const libc = loadLibc()

for (const [length, what] of [
  [LONGEST_SENT, 'what fits into a batch'],
  [LONGEST_SENT + 1, 'what does not']
] as const) {
  test(`${what} is sent as it was when it was given, though the memory is used again at once`, async (t) => {
    const client = createSocket('udp4').bind(0, LOOPBACK)
    await once(client, 'listening')
    const from = openSocket(libc, { address: LOOPBACK, port: 0 })
    const writer = new UdpWriter(libc, from, (error) => t.fail(error.message))
    const scratch = new Uint8Array(length).fill(1)
    const received = once(client, 'message')
    writer.send(scratch, { address: LOOPBACK, port: client.address().port })
    scratch.fill(2)
    const [bytes] = await received
    t.deepEqual([bytes.length, new Set(bytes)], [length, new Set([1])])
    client.close()
    await from.close()
  })

  test(`${what} leaves even if the socket is closed right after`, async (t) => {
    const client = createSocket('udp4').bind(0, LOOPBACK)
    await once(client, 'listening')
    const from = openSocket(libc, { address: LOOPBACK, port: 0 })
    const writer = new UdpWriter(libc, from, (error) => t.fail(error.message))
    const received = once(client, 'message')
    writer.send(new Uint8Array(length), { address: LOOPBACK, port: client.address().port })
    writer.close()
    await from.close()
    t.is((await received)[0].length, length)
    client.close()
  })
}
