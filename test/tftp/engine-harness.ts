import type { Delivery, PacketRun } from '../../src/net/datagrams.ts'
import type { Endpoint } from '../../src/net/endpoint.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import type { Step } from '../../src/net/step.ts'
import { decode, encode, type Packet } from '../../src/tftp/codec.ts'
import { Engine } from '../../src/tftp/engine.ts'
import { DEFAULT_LIMITS, type TftpLimits } from '../../src/tftp/limits.ts'
import type { Ears } from '../../src/tftp/surroundings.ts'
import { ManualClock } from './fakes.ts'

export const SERVER = '10.0.0.1' as Ipv4

export function clientAt(port: number, address = '10.0.0.2'): Endpoint {
  return { address: address as Ipv4, port }
}

/** A transfer's port, as the test sees it. */
export type FakeChannel = {
  readonly client: Endpoint
  readonly ears: Ears
  /** All that was sent, as `DATA 3`; to others with their port. */
  readonly sent: string[]
  isOpen: boolean
  /** Calls of the system that sent blocks. */
  calls: number
  /** What the system says to the next packets. */
  delivery: Delivery
  awaitsRoom: boolean
  /** Packets that one call takes. */
  most: number
}

/** The engine on a virtual clock, with files of these contents and sockets that only note down. */
export function engineWith(files: Readonly<Record<string, Uint8Array>>, limits: Partial<TftpLimits> = {}) {
  const clock = new ManualClock()
  const channels: FakeChannel[] = []
  const replies: string[] = []
  const steps: Step[] = []
  const words: string[] = []
  const questions: { number: number; file: string }[] = []
  const world = {
    clock,
    channels,
    replies,
    steps,
    words,
    questions,
    mtu: 1500,
    openError: undefined as Error | undefined
  }

  const open = (_local: Ipv4, client: Endpoint, ears: Ears) => {
    if (world.openError) throw world.openError
    const fresh = { sent: [], isOpen: true, calls: 0, delivery: 'sent', awaitsRoom: false, most: 64 } as const
    const channel: FakeChannel = { client, ears, ...fresh, sent: [] }
    channels.push(channel)
    return {
      mtu: world.mtu,
      send(bytes: Uint8Array) {
        if (channel.delivery === 'sent') channel.sent.push(describe(decode(bytes)))
        return channel.delivery
      },
      sendRun({ memory, offset, length, packet }: PacketRun) {
        channel.calls += 1
        if (channel.delivery !== 'sent') return { taken: 0, delivery: channel.delivery }
        let taken = 0
        for (let at = offset; at < offset + length && taken < channel.most; at += packet, taken += 1) {
          channel.sent.push(describe(decode(memory.bytes.subarray(at, Math.min(at + packet, offset + length)))))
        }
        return { taken, delivery: channel.delivery }
      },
      sendTo: (bytes: Uint8Array, to: Endpoint) => channel.sent.push(`${describe(decode(bytes))} to ${to.port}`),
      awaitRoom() {
        channel.awaitsRoom = true
      },
      close() {
        channel.isOpen = false
      }
    }
  }
  const engine = new Engine(
    {
      now: () => clock.now(),
      open,
      reply: (_local, bytes, to) => replies.push(`${describe(decode(bytes))} to ${to.port}`),
      ask: (number, file) => questions.push({ number, file }),
      report: (step) => steps.push(step),
      began: (number, { file, size, client }) => words.push(`${number} began ${file} of ${size} for ${client}`),
      reached: (number, bytes) => words.push(`${number} reached ${bytes}`),
      ended: (number, complete) => words.push(`${number} ended ${complete ? 'whole' : 'not whole'}`)
    },
    { ...DEFAULT_LIMITS, ...limits },
    1 << 20
  )
  return {
    ...world,
    world,
    engine,
    /** A request, and the answer to whatever file the engine then asks for. */
    ask(request: Packet, client: Endpoint): FakeChannel | undefined {
      const before = channels.length
      engine.receive(encode(request), client, SERVER)
      for (const { number, file } of questions.splice(0)) {
        const bytes = files[file]
        engine.answer(number, bytes ? { file: { bytes } } : { missing: 'not found (ENOENT)' })
      }
      engine.run()
      return channels[before]
    },
    hear(channel: FakeChannel, packet: Packet | Uint8Array) {
      channel.ears.heard(packet instanceof Uint8Array ? packet : encode(packet))
      engine.run()
    },
    /** Time passes, with a tick each 10 ms. */
    pass(milliseconds: number) {
      for (let passed = 0; passed < milliseconds; passed += 10) {
        clock.advance(Math.min(10, milliseconds - passed))
        engine.tick()
        engine.run()
      }
    },
    outcomes: () => steps.map(({ outcome }) => outcome)
  }
}

function describe(packet: Packet): string {
  if (packet.type === 'DATA') return `DATA ${packet.block}`
  return packet.type === 'ERROR' ? `ERROR ${packet.code} ${packet.message}` : packet.type
}
