import { spawn } from 'node:child_process'
import { type Frame, FrameReader } from './frames.ts'
import type { Network } from './network.ts'
import { messageOf, option } from './wire.ts'

/** Looks at one frame after the other, and names the address of the instance that has answered once its point is reached. */
type Watch = (frame: Frame) => string | undefined

const HTTP = 80
const udhcpc = Buffer.from('udhcp').toString('hex')

/** The points of a boot at which an instance may be struck, in their order. */
export const POINTS = {
  'after the OFFER': () => answerOf('OFFER'),
  'during TFTP of the loader': () => (frame) =>
    frame.protocol === 'udp' && isTftpData(frame) && frame.payload.readUInt16BE(2) >= 20 ? frame.source : undefined,
  'after the ACK, before the script': () => answerOf('ACK'),
  'after the script, before the kernel': () => afterRequest(/^GET \S+\/ipxe[ ?]/, 1),
  'during the kernel': () => afterRequest(/^GET \/boot\/files\/\S+\/linux /, 1 << 20),
  'before the install file': () => onceLoaded((frame) => option(messageOf(frame), 60)?.startsWith(udhcpc) === true),
  'before `installed`': () => onceLoaded((frame) => frame.payload.includes('"stage":"installing"'))
} as const satisfies Record<string, () => Watch>

export type Point = keyof typeof POINTS

/** Calls `strike` with the address of the instance that has answered, at the moment at which a point is reached, once. */
export async function at(point: Point, network: Network, strike: (address: string) => void): Promise<void> {
  const watch: Watch = POINTS[point]()
  const reader = new FrameReader()
  const tcpdump = ['tcpdump', '-Z', 'root', '-i', network.bridge, '-U', '--immediate-mode', '-s', '800', '-w', '-']
  const child = spawn('ip', ['netns', 'exec', network.namespace, ...tcpdump], { stdio: ['ignore', 'pipe', 'pipe'] })
  let struck = false
  child.stdout.on('data', (bytes: Buffer) => {
    for (const frame of reader.take(bytes)) {
      const address = struck ? undefined : watch(frame)
      if (address === undefined) continue
      struck = true
      strike(address)
      child.kill()
    }
  })
  // It says that it listens once it does.
  await new Promise<void>((resolve) => child.stderr.once('data', () => resolve()))
}

function answerOf(type: string): Watch {
  return (frame) => (messageOf(frame)?.type === type ? frame.source : undefined)
}

/** RFC 1350: operation 3 is DATA; neither end uses port 69 for it. */
function isTftpData({ payload, sourcePort, destinationPort }: Frame): boolean {
  return sourcePort >= 1024 && destinationPort >= 1024 && payload.length >= 4 && payload.readUInt16BE(0) === 3
}

/** Once so many bytes of what was asked for are on their way. */
function afterRequest(request: RegExp, bytes: number): Watch {
  let server: string | undefined
  let sent = 0
  return (frame) => {
    if (frame.destinationPort === HTTP && request.test(frame.payload.toString('latin1', 0, 200))) {
      server = frame.destination
      sent = 0
    }
    if (server === undefined || frame.source !== server || frame.sourcePort !== HTTP) return undefined
    sent += frame.length
    return sent >= bytes ? server : undefined
  }
}

/** The instance that the kernel came from, once something else happens. */
function onceLoaded(happens: (frame: Frame) => boolean): Watch {
  const loads = afterRequest(/^GET \/boot\/files\/\S+\/linux /, 1)
  let server: string | undefined
  return (frame) => {
    server = loads(frame) ?? server
    return server !== undefined && happens(frame) ? server : undefined
  }
}
