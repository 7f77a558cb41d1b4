import test from 'ava'
import { bindUdp } from '../../src/tftp/udp.ts'
import { LOOPBACK } from './fakes.ts'

test('a datagram that can not be sent is reported, never thrown', async (t) => {
  const failures: string[] = []
  const any = { address: LOOPBACK, port: 0 }
  const socket = await bindUdp(any, { receive: () => {}, failed: ({ message }) => failures.push(message) })
  t.teardown(() => socket.close())
  socket.send(Uint8Array.of(1), any)
  t.regex(failures.join(), /port/i)
})

test('what was sent right before close still leaves', async (t) => {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>()
  const any = { address: LOOPBACK, port: 0 }
  const failed = (error: Error) => t.fail(error.message)
  const receiver = await bindUdp(any, { receive: resolve, failed })
  t.teardown(() => receiver.close())
  const sender = await bindUdp(any, { receive: () => {}, failed })
  sender.send(Uint8Array.of(7), { address: LOOPBACK, port: receiver.port })
  await sender.close()
  t.deepEqual([...(await promise)], [7])
})
