import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { DatagramReader } from '../net/datagrams.ts'
import { loadLibc } from '../net/libc.ts'
import { Bell, Poller } from '../net/poller.ts'
import { socketAddress } from '../net/socket.ts'
import { Engine } from './engine.ts'
import { Mailbox } from './mailbox.ts'
import type { ThreadData, ToThread } from './messages.ts'
import { TransferSockets } from './transfer-sockets.ts'
import { Waiting } from './waiting.ts'

/**
 * The TFTP thread (server.ts): one loop that waits for its sockets, and lets the engine take a turn. It never goes back to
 * Node's event loop until it is stopped, so nothing here may be asynchronous.
 */

/** Milliseconds between two looks at what is to be sent again, while there are transfers. */
const TICK = 10
/** Milliseconds that an idle thread waits: it can't be ended while it does. */
const IDLE = 250
/** Datagrams taken from a listening port in a turn. */
const TURN = 64

const port = parentPort
if (port === null) throw new Error('src/tftp/thread.ts runs as a thread')
const { listeners, bell: bellFd, limits, memory } = workerData as ThreadData
const libc = loadLibc()
const poller = new Poller(libc)
const reader = new DatagramReader(libc)
const waiting = new Waiting(poller)
const bell = new Bell(libc, bellFd)
const mailbox = new Mailbox((message) => port.postMessage(message))
const sockets = new TransferSockets(libc, poller, reader)
const listening = new Map(listeners.map(({ fd, local }) => [fd, local]))
const fdOf = new Map(listeners.map(({ fd, local }) => [local, fd]))

const engine = new Engine(
  {
    now: () => performance.now(),
    open: (local, client, ears) => sockets.open(local, client, ears),
    reply(local, bytes, client) {
      const address = socketAddress(client)
      libc.sendto(fdOf.get(local), bytes, bytes.length, 0, address, address.length)
    },
    ask: (number, file, client, server) => mailbox.tell({ type: 'ask', number, file, client, server }),
    report: (step) => mailbox.report(step),
    began: (number, start) => mailbox.tell({ type: 'began', number, start }),
    reached: (number, bytes) => mailbox.tell({ type: 'reached', number, bytes }),
    ended: (number, complete) => mailbox.tell({ type: 'ended', number, complete })
  },
  limits,
  memory
)

let stopping = false
let tickAt = 0
for (const fd of [bell.fd, ...listening.keys()]) poller.add(fd)
while (!stopping) turn()
engine.stop('the server is stopping')
mailbox.flush(true)
sockets.close()
poller.close()

function turn(): void {
  const longest = engine.isSending ? 0 : engine.transfers > 0 ? TICK : IDLE
  poller.each(waiting.wait(longest), ready)
  engine.run()
  const now = performance.now()
  if (now - tickAt >= TICK) {
    tickAt = now
    engine.tick()
  }
  mailbox.flush()
}

function ready(fd: number, events: number): void {
  const local = listening.get(fd)
  if (fd === bell.fd) {
    bell.silence()
    for (let message = receiveMessageOnPort(port as NonNullable<typeof port>); message; ) {
      hear(message.message as ToThread)
      message = receiveMessageOnPort(port as NonNullable<typeof port>)
    }
  } else if (local === undefined) {
    sockets.ready(fd, events)
  } else {
    for (let count = 0; count < TURN; count += 1) {
      const bytes = reader.receive(fd)
      if (bytes === undefined) break
      if (bytes !== 'gone') engine.receive(bytes, reader.from, local)
    }
  }
}

function hear(message: ToThread): void {
  if (message.type === 'stop') stopping = true
  else if (message.type === 'seen') mailbox.seen(message.steps)
  else engine.answer(message.number, message.answer)
}
