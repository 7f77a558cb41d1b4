import type { Options } from '../net/options/kinds.ts'
import { OPTION } from '../net/options/table.ts'
import { optionLength, optionsLength, type Packet } from './codec.ts'
import type { OptionList } from './option-list.ts'
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

/**
 * The options that fit into what the client takes (option 57), and last the relay agent's own (RFC
 * 3046, section 2.2). Those that don't fit are left out from the end, which is what the client wants least,
 * but for those that it always needs. Replies never use the fields `sname` and `file` for options: much
 * firmware doesn't look there.
 */
export function fitted(request: Packet, options: OptionList, isNeeded: (code: number) => boolean): Options {
  const relayAgent = request.options.get(OPTION.relayAgent.code)
  const room = roomOf(request) - AROUND - (relayAgent ? optionLength(relayAgent) : 0)
  let length = optionsLength(options)
  if (length > room) {
    for (const [code, value] of Array.from(options).reverse()) {
      if (length <= room) break
      if (isNeeded(code)) continue
      options.delete(code)
      length -= optionLength(value)
    }
  }
  if (relayAgent) options.set(OPTION.relayAgent.code, relayAgent)
  return options
}

/** Bytes of the longest message that may be sent. */
function roomOf({ options }: Packet): number {
  if (!options.has(OPTION.messageType.code)) return BOOTP
  const taken = readIfValid(options, OPTION.maxMessageSize) ?? LEAST
  return Math.min(MOST, Math.max(LEAST, taken)) - HEADERS
}
