import type { Endpoint } from '../net/endpoint.ts'
import { LIMITED_BROADCAST, UNSPECIFIED } from '../net/ipv4.ts'
import { OPTION, RELAY_AGENT, readRelayAgent } from '../net/options/table.ts'
import type { Packet } from './codec.ts'
import { MESSAGE, readIfValid } from './options.ts'

/** What a reply is. */
export type Message = 'OFFER' | 'ACK' | 'NAK' | 'BOOTREPLY'

/**
 * Where a reply goes (RFC 2131, section 4.1): back through the relay agent, to the address that a
 * client already uses, or to all. The RFC would have a reply to a client without an address sent to
 * its new one unless it asks for a broadcast; Linux can't, as the client doesn't answer ARP yet,
 * and every client takes the broadcast.
 * @param from where the request came from; nothing can be sent to port 0, which anyone may claim.
 * @param serverPort relay agents listen on the servers' port, clients on the next one.
 */
export function destination(request: Packet, message: Message, from: Endpoint, serverPort: number): Endpoint {
  const { ciaddr, giaddr } = request
  switch (true) {
    // It has its address and the routes to it, whether or not a relay agent took its INFORM along (section 4.3.5).
    case ciaddr !== UNSPECIFIED && isInform(request):
      return { address: ciaddr, port: serverPort + 1 }
    case giaddr !== UNSPECIFIED:
      return { address: giaddr, port: hasOwnPort(request) && from.port !== 0 ? from.port : serverPort }
    // A NAK says that the client's address is wrong: it might not receive what is sent there.
    case ciaddr !== UNSPECIFIED && message !== 'NAK':
      return { address: ciaddr, port: serverPort + 1 }
    default:
      return { address: LIMITED_BROADCAST, port: serverPort + 1 }
  }
}

function isInform({ options }: Packet): boolean {
  return readIfValid(options, OPTION.messageType) === MESSAGE.INFORM
}

/** RFC 8357: a relay agent that uses another port than 67 says so, and is answered there. */
function hasOwnPort({ options }: Packet): boolean {
  const relayAgent = options.get(OPTION.relayAgent.code)
  return relayAgent !== undefined && readRelayAgent(relayAgent, RELAY_AGENT.sourcePort) !== undefined
}
