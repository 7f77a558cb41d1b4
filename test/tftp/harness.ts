import type { ExecutionContext } from 'ava'
import type { Endpoint } from '../../src/net/endpoint.ts'
import type { Step } from '../../src/net/step.ts'
import { decode, encode, type Packet } from '../../src/tftp/codec.ts'
import { start, type TftpOptions } from '../../src/tftp/server.ts'
import { type Bind, bindUdp } from '../../src/tftp/udp.ts'
import { LOOPBACK } from './fakes.ts'

/** A server on loopback that is closed after the test, with all that it reported. */
export async function startServer(t: ExecutionContext, given: Partial<TftpOptions> & Pick<TftpOptions, 'files'>) {
  const steps: Step[] = []
  const waiting: { outcome: string; found: (step: Step) => void }[] = []
  const report = (step: Step) => {
    steps.push(step)
    for (const { outcome, found } of waiting) if (step.outcome === outcome) found(step)
  }
  const server = await start({ address: LOOPBACK, port: 0, report, ...given })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= server.close()
    return closed
  }
  t.teardown(close)
  /** The first step with that outcome, once it is reported. */
  const reported = (outcome: string): Promise<Step> => {
    const step = steps.find((candidate) => candidate.outcome === outcome)
    return step ? Promise.resolve(step) : new Promise((found) => waiting.push({ outcome, found }))
  }
  return { port: server.port, steps, reported, close }
}

/** A client's port that says what the test wants, one datagram at a time. */
export async function openPeer(t: ExecutionContext, address = LOOPBACK) {
  type Received = { packet: Packet; port: number }
  const received: Received[] = []
  const waiting: ((datagram: Received) => void)[] = []
  const socket = await bindUdp(
    { address, port: 0 },
    {
      receive(bytes, { port }) {
        const datagram = { packet: decode(bytes), port }
        const next = waiting.shift()
        if (next) next(datagram)
        else received.push(datagram)
      },
      failed: (error) => t.fail(error.message)
    }
  )
  t.teardown(() => socket.close())
  return {
    port: socket.port,
    send(message: Packet | Uint8Array, port: number) {
      socket.send(message instanceof Uint8Array ? message : encode(message), { address: LOOPBACK, port })
    },
    /** The next datagram that came, in order of arrival. */
    next(): Promise<Received> {
      const datagram = received.shift()
      return datagram ? Promise.resolve(datagram) : new Promise((arrived) => waiting.push(arrived))
    }
  }
}

/** Sockets on loopback of which the test can say when they come and what is received, all in one turn of the event loop. */
export function controlledSockets() {
  const receivers: ((bytes: Uint8Array, from: Endpoint) => void)[] = []
  const sockets = {
    /** How many are open. */
    open: 0,
    /** Awaited before a socket is bound. */
    gate: Promise.resolve(),
    /** To the first socket that was bound: the server's listening one. */
    receive: (packet: Packet, port: number) => receivers[0]?.(encode(packet), { address: LOOPBACK, port }),
    bind: (async (local, handlers) => {
      await sockets.gate
      const isListening = receivers.push(handlers.receive) === 1
      const socket = await bindUdp(local, handlers)
      sockets.open += 1
      const close = async () => {
        await socket.close()
        // A transfer's socket takes longer than anything that doesn't wait for it.
        if (!isListening) await new Promise((later) => setTimeout(later, 20))
        sockets.open -= 1
      }
      return { ...socket, close }
    }) satisfies Bind as Bind
  }
  return sockets
}
