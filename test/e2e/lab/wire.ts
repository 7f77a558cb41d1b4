import { readFile } from 'node:fs/promises'
import { type Frame, FrameReader } from './frames.ts'
import { waitFor } from './wait.ts'

/** A DHCP packet as it was on the wire, read without Tandem's own codec. */
export type Message = {
  /** Milliseconds since the epoch. */
  time: number
  /** Of the IP header. */
  source: string
  destination: string
  type: string
  transaction: number
  ciaddr: string
  yiaddr: string
  giaddr: string
  mac: string
  /** In the packet's order; values hexadecimal. */
  options: readonly (readonly [code: number, value: string])[]
}

const TYPES = ['BOOTP', 'DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM']
const SERVER_PORT = 67
const CLIENT_PORT = 68

/** The value of an option, hexadecimal. */
export function option(message: Message | undefined, code: number): string | undefined {
  return message?.options.find(([each]) => each === code)?.[1]
}

/** An address as it is in an option. */
export function hexOf(address: string): string {
  return Buffer.from(address.split('.').map(Number)).toString('hex')
}

/** The packets of a client since a time, in milliseconds since the epoch; with `giaddr`, only those relayed there. */
type Which = { mac: string; since: number; giaddr?: string }

/** The types of the packets by which a client gets a lease anew. */
export const HANDSHAKE = ['DISCOVER', 'OFFER', 'REQUEST', 'ACK']

/**
 * Waits until packets are of these types, and gives them; one that was sent again counts once.
 * @throws with the types that were seen, after `seconds`.
 */
export async function exchange(
  capture: string,
  { mac, since, giaddr }: Which,
  types: readonly string[],
  seconds = 5
): Promise<Message[]> {
  let seen: Message[] = []
  const expected = types.join(' ')
  const isAsked = (message: Message) =>
    message.mac === mac && message.time >= since && (giaddr === undefined || message.giaddr === giaddr)
  const isComplete = async () => {
    seen = (await messages(capture)).filter(isAsked)
    seen = seen.filter(({ type }, index) => type !== seen[index - 1]?.type)
    return seen.map(({ type }) => type).join(' ') === expected
  }
  await waitFor(`${mac} exchanges ${expected}`, seconds, isComplete).catch((error: Error) => {
    throw new Error(`${error.message}; on the wire: ${seen.map(({ type }) => type).join(' ')}`)
  })
  return seen
}

/** The DHCP packets of a pcap file, which may still be written. */
export async function messages(capture: string): Promise<Message[]> {
  return new FrameReader().take(await readFile(capture)).flatMap((frame) => messageOf(frame) ?? [])
}

/** @returns undefined for what isn't DHCP. */
export function messageOf(frame: Frame): Message | undefined {
  if (frame.protocol !== 'udp' || ![SERVER_PORT, CLIENT_PORT].includes(frame.destinationPort)) return undefined
  const { payload: packet, time, source, destination } = frame
  const address = (at: number) => packet.subarray(at, at + 4).join('.')
  const options = optionsOf(packet.subarray(240))
  const type = Number.parseInt(options.find(([code]) => code === 53)?.[1] ?? '0', 16)
  return {
    time,
    source,
    destination,
    type: TYPES[type] ?? `type ${type}`,
    transaction: packet.readUInt32BE(4),
    ciaddr: address(12),
    yiaddr: address(16),
    giaddr: address(24),
    mac: Array.from(packet.subarray(28, 34), (byte) => byte.toString(16).padStart(2, '0')).join(':'),
    options
  }
}

function optionsOf(field: Buffer): [number, string][] {
  const [pad, end] = [0, 255]
  const options: [number, string][] = []
  for (let at = 0; at < field.length && field[at] !== end; ) {
    const code = field[at] as number
    const length = code === pad ? -1 : (field[at + 1] as number)
    if (code !== pad) options.push([code, field.toString('hex', at + 2, at + 2 + length)])
    at += 2 + length
  }
  return options
}
