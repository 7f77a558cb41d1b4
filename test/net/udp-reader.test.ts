import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { BATCH } from '../../src/net/batch.ts'
import { loadLibc } from '../../src/net/libc.ts'
import { openSocket } from '../../src/net/socket.ts'
import { UdpReader } from '../../src/net/udp-reader.ts'
import { ip } from '../support/values.ts'

const LOOPBACK = ip('127.0.0.1')
const AT_ONCE = 128 / BATCH

/** A reader that one datagram wakes; behind that, the system says that it has batches of so many. */
async function woken(t: ExecutionContext, batches: number[], each: (reader: UdpReader) => void = () => {}) {
  const source = openSocket(loadLibc(), { address: LOOPBACK, port: 0 })
  const seen = { asked: 0 }
  const receive = () => {
    seen.asked += 1
    return batches.shift() ?? 0
  }
  const reader: UdpReader = new UdpReader(
    { receive },
    source,
    () => each(reader),
    (error) => t.fail(error.message)
  )
  t.teardown(() => reader.close().catch(() => {}))
  const client = createSocket('udp4')
  client.send('x', source.socket.address().port, LOOPBACK)
  await once(source.socket, 'message')
  client.close()
  return { reader, seen }
}

test('it asks for more until there is none: what comes meanwhile is taken, too', async (t) => {
  const { reader, seen } = await woken(t, [BATCH, 7, 1, 0, BATCH])
  t.is(seen.asked, 4)
  t.is(reader.behind, 0)
  await setImmediate()
  t.is(seen.asked, 4)
})

test('after 128 datagrams it goes on in the next turn, and counts the turns in which it left some', async (t) => {
  const { reader, seen } = await woken(t, new Array(2 * AT_ONCE + 1).fill(BATCH))
  const turns: unknown[] = []
  for (let turn = 0; turn < 4; turn += 1) {
    turns.push([seen.asked, reader.behind])
    await setImmediate()
  }
  t.deepEqual(turns, [
    [AT_ONCE, 1],
    [2 * AT_ONCE, 2],
    [2 * AT_ONCE + 2, 0],
    [2 * AT_ONCE + 2, 0]
  ])
})

test('it is not behind when what it took last was all there was', async (t) => {
  const { reader, seen } = await woken(t, new Array(AT_ONCE).fill(BATCH))
  t.is(reader.behind, 1, 'who knows')
  await setImmediate()
  t.deepEqual([seen.asked, reader.behind], [AT_ONCE + 1, 0])
})

test('once it is closed it asks no more: the descriptor may be another file', async (t) => {
  const { seen } = await woken(t, [BATCH, BATCH], (reader) => reader.close())
  t.is(seen.asked, 0)
  await setImmediate()
  t.is(seen.asked, 0)
})
