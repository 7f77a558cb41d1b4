import type { ExecutionContext } from 'ava'
import type { Step } from '../../src/net/step.ts'
import type { WatchTransfer } from '../../src/net/transfer-watch.ts'
import { decode, encode, type Packet } from '../../src/tftp/codec.ts'
import { start, type TftpOptions } from '../../src/tftp/server.ts'
import { bindUdp } from '../../src/tftp/udp.ts'
import { LOOPBACK } from './fakes.ts'

/** A server on loopback that is closed after the test, with all that it reported. */
export function startServer(t: ExecutionContext, given: Partial<TftpOptions> & Pick<TftpOptions, 'files'>) {
  const steps: Step[] = []
  const waiting: { outcome: string; found: (step: Step) => void }[] = []
  const report = (step: Step) => {
    steps.push(step)
    for (const { outcome, found } of waiting) if (step.outcome === outcome) found(step)
  }
  const watched: string[] = []
  const watch: WatchTransfer = ({ file, size }) => {
    watched.push(`${file} of ${size}`)
    return {
      reached: (bytes) => watched.push(String(bytes)),
      ended: (whole) => watched.push(whole ? 'whole' : 'not whole')
    }
  }
  const broken = (error: Error) => t.fail(error.message)
  const server = start({ addresses: [LOOPBACK], port: 0, report, watch, broken, ...given })
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
  return { port: server.ports[0] as number, steps, reported, watched, close }
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
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= socket.close()
    return closed
  }
  t.teardown(close)
  return {
    port: socket.port,
    close,
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
