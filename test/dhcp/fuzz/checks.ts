import { BOOTREPLY, BROADCAST_FLAG, decode, encode, type Packet } from '../../../src/dhcp/codec.ts'
import type { Exchange } from '../../../src/dhcp/exchange-ring.ts'
import { MalformedPacket } from '../../../src/dhcp/malformed.ts'
import { packetText } from '../../../src/dhcp/text.ts'
import { UNSPECIFIED } from '../../../src/net/ipv4.ts'
import { macFromBytes } from '../../../src/net/mac.ts'
import type { Boot } from '../../support/boot.ts'
import { mayHave } from './site.ts'

/** Each of these says what is wrong, whatever was asked; undefined where all is well. */

/** What the server says of itself when something is broken. */
const BROKEN = ['error', 'commit-failed', 'send-failed', 'overload']
const [MESSAGE_TYPE, MAX_SIZE, RELAY_AGENT] = [53, 57, 82]
const [OFFER, ACK, NAK] = [2, 5, 6]
/** What is before the options, and END. */
const AROUND_OPTIONS = 241
/** Message type, server, lease time (RFC 2131, table 3), client identifier (RFC 6842). */
const MUST_SAY = [53, 54, 51, 61]
/** Bytes: a packet that was packed into `file` and `sname`, too, may be longer when it is written again. */
const LONGEST_READ = 9000

type AddressCheck = (site: Boot, told: Packet, type: number | undefined) => string | undefined

export function faultOf(site: Boot, exchange: Exchange, faultOfAddress: AddressCheck): string | undefined {
  const { outcome, answered, reasons, request, reply, to } = exchange
  if (BROKEN.includes(outcome)) return `${outcome}: ${answered}`
  if (![answered, ...reasons].every(isPlain)) return `the reasons ${JSON.stringify([answered, ...reasons])}`
  if (reply === undefined) return undefined
  if (!to || to.address === UNSPECIFIED || to.port === 0) return `a reply to ${to?.address}:${to?.port}`
  const [asked, told] = [decode(request), decode(reply)]
  if (reply.length > longestOf(asked)) return `${reply.length} bytes; the client takes ${longestOf(asked)}`
  return faultOfReply(asked, told) ?? faultOfAddress(site, told, told.options.get(MESSAGE_TYPE)?.[0])
}

/** Whether a text can be printed: packets must not steer a terminal, nor begin a line of their own. */
export function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

/** Whatever can be read can be written, and read again: the same. Its text is plain. */
export function faultOfForms(bytes: Uint8Array): string | undefined {
  const text = packetText({ bytes, length: bytes.length })
  if (!text.split('\n').every(isPlain)) return `the text ${JSON.stringify(text)}`
  const written = rewritten(bytes)
  if (written === undefined || written.length > LONGEST_READ) return undefined
  return isSame(written, rewritten(written)) ? undefined : `what is written as ${hex(written)} is read otherwise`
}

function rewritten(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return encode(decode(bytes))
  } catch (error) {
    if (error instanceof MalformedPacket) return undefined
    throw error
  }
}

function faultOfReply(asked: Packet, told: Packet): string | undefined {
  for (const field of ['xid', 'giaddr', 'htype'] as const) {
    if (told[field] !== asked[field]) return `${field} is ${told[field]}, not ${asked[field]}`
  }
  if (told.op !== BOOTREPLY) return `op is ${told.op}`
  if ((told.flags | BROADCAST_FLAG) !== (asked.flags | BROADCAST_FLAG)) return `the flags are ${told.flags}`
  if (!isSame(told.chaddr, asked.chaddr)) return `chaddr is ${hex(told.chaddr)}, not ${hex(asked.chaddr)}`
  return faultOfRelayAgent(asked, told)
}

/** RFC 3046, section 2.2: its option comes back last and as it was sent, or, where there is no room for it, not at all. */
function faultOfRelayAgent(asked: Packet, told: Packet): string | undefined {
  const sent = asked.options.get(RELAY_AGENT)
  const back = told.options.get(RELAY_AGENT)
  if (sent && !back && roomNeeded(sent) > longestOf(asked) - leastLength(told)) return undefined
  if (!isSame(sent, back)) return 'option 82 is not as it was sent'
  return back && [...told.options.keys()].at(-1) !== RELAY_AGENT ? 'option 82 is not the last' : undefined
}

/** A client is given only what it may have, and acknowledged only what is written. */
export const faultOfAddress: AddressCheck = (site, { yiaddr, chaddr }, type) => {
  const client = macFromBytes(chaddr)
  if (type !== undefined && ![OFFER, ACK, NAK].includes(type)) return `the message type is ${type}`
  // A NAK has no address, nor has the ACK to an INFORM.
  if (yiaddr === UNSPECIFIED) return type === NAK || type === ACK ? undefined : 'no address is given'
  if (type === NAK || !mayHave(site, client, yiaddr)) return `${yiaddr} is given`
  if (type === ACK && site.leases.at(yiaddr)?.mac !== client) return `${yiaddr} is acknowledged without a lease`
  return undefined
}

/** Addresses are another server's. */
export const faultOfAnyAddress: AddressCheck = (_, { yiaddr }, type) => {
  if (type !== OFFER && type !== ACK) return `the message type is ${type}`
  return yiaddr === UNSPECIFIED ? undefined : `${yiaddr} is given`
}

/** Bytes of UDP's payload: RFC 951's for BOOTP, else what option 57 says, between RFC 2132's least and a frame, without 28 of headers. */
function longestOf({ options }: Packet): number {
  if (!options.has(MESSAGE_TYPE)) return 300
  const size = options.get(MAX_SIZE)
  const told = size?.length === 2 ? (size[0] as number) * 256 + (size[1] as number) : 576
  return Math.min(1500, Math.max(576, told)) - 28
}

/** Bytes of a reply that says no more than it must. */
function leastLength({ options }: Packet): number {
  return AROUND_OPTIONS + MUST_SAY.reduce((sum, code) => sum + roomNeeded(options.get(code)), 0)
}

/** Bytes that an option takes in its parts (RFC 3396). */
function roomNeeded(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : value.length + 2 * Math.max(1, Math.ceil(value.length / 255))
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
