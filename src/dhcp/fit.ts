import type { Options } from '../net/options/kinds.ts'
import type { OptionList } from '../net/options/option-list.ts'
import { OPTION } from '../net/options/table.ts'
import { optionLength, optionsLength, type Packet } from './codec.ts'
import { readIfValid } from './options.ts'

/** Bytes of a message before its options, the cookie among them, and of END. */
const AROUND = 240 + 1
/** IP's and UDP's headers: option 57 counts them (RFC 2131, section 2, by its 576 of RFC 791's hosts). */
const HEADERS = 28
/** What every host takes. A client that tells less (RFC 2132, 9.10: it may not) is sent this. */
const LEAST = 576
/** Ethernet's: more would be cut into fragments, which firmware doesn't put together. */
const MOST = 1500
/** RFC 951's packets have a vendor field of 64 bytes. */
const BOOTP = 300

/** RFC 2131, table 3, and RFC 6842: without these it is no answer. They fit whatever a client takes. */
const VITAL: readonly number[] = [OPTION.messageType, OPTION.serverId, OPTION.leaseTime, OPTION.clientId].map(
  ({ code }) => code
)

/**
 * The options that fit into what the client takes (option 57), and last the relay agent's own (RFC
 * 3046, section 2.2). Those that don't fit are left out from the end, which is what the client wants least: first
 * what it can do without, then what {@link VITAL} doesn't name, and at last the relay agent's. Replies never use the
 * fields `sname` and `file` for options: much firmware doesn't look there.
 */
export function fitted(request: Packet, options: OptionList, isNeeded: (code: number) => boolean): Options {
  const { code: agent } = OPTION.relayAgent
  const relayAgent = request.options.get(agent)
  if (relayAgent) options.set(agent, relayAgent)
  let excess = optionsLength(options) + AROUND - roomOf(request)
  if (excess > 0) excess = leaveOut(options, excess, (code) => code === agent || isNeeded(code))
  if (excess > 0) excess = leaveOut(options, excess, (code) => code === agent || isVital(code))
  if (excess > 0) leaveOut(options, excess, isVital)
  return options
}

/** @param excess how many bytes there are too many. @returns how many there still are. */
function leaveOut(options: OptionList, excess: number, stays: (code: number) => boolean): number {
  let left = excess
  for (const [code, value] of Array.from(options).reverse()) {
    if (left <= 0) break
    if (stays(code)) continue
    options.delete(code)
    left -= optionLength(value)
  }
  return left
}

function isVital(code: number): boolean {
  return VITAL.includes(code)
}

/** Bytes of the longest message that may be sent. */
function roomOf({ options }: Packet): number {
  if (!options.has(OPTION.messageType.code)) return BOOTP
  const taken = readIfValid(options, OPTION.maxMessageSize) ?? LEAST
  return Math.min(MOST, Math.max(LEAST, taken)) - HEADERS
}
