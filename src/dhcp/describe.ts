import { UNSPECIFIED } from '../net/ipv4.ts'
import type { Grant, Information } from './allocator.ts'
import type { Packet } from './codec.ts'
import type { Request } from './interpret.ts'

/** Clients have one to three architectures; one that makes up thousands would fill the log. */
const MOST_SHOWN = 8

/** A step's words: what an operator reads about a conversation. */

/** `DISCOVER from uefi-x64 (architecture 7) through relay agent 10.88.0.1`, and what was left out of account. */
export function describeRequest({ giaddr }: Packet, request: Request): string {
  const through = giaddr === UNSPECIFIED ? '' : ` through relay agent ${giaddr}`
  const ignored = 'ignored' in request ? request.ignored.map((each) => `; ignored ${each}`).join('') : ''
  return messageOf(request) + through + ignored
}

/** `OFFER 10.77.0.10 for 3600 s, undionly.kpxe from 10.77.0.1`. */
export function describeGrant(message: 'OFFER' | 'ACK' | 'BOOTREPLY', grant: Grant): string {
  return `${message} ${grant.address} for ${grant.leaseTime} s, ${bootOf(grant)}`
}

/** `ACK without a lease, nothing to boot`. */
export function describeInformation(information: Information): string {
  return `ACK without a lease, ${bootOf(information)}`
}

/** `undionly.kpxe from 10.77.0.1`, or a URL. */
export function bootOf({ boot }: Information): string {
  if (boot === undefined) return 'nothing to boot'
  return boot.kind === 'tftp' ? `${boot.file} from ${boot.server}` : boot.url
}

function messageOf(request: Request): string {
  switch (request.message) {
    case 'DISCOVER':
    case 'BOOTP':
      return `${request.message} from ${firmwareOf(request)}`
    case 'REQUEST':
      return `REQUEST ${request.address} (${request.state}${insteadOf(request)}) from ${firmwareOf(request)}`
    case 'INFORM':
    case 'RELEASE':
    case 'DECLINE':
      return `${request.message} ${request.address} from ${firmwareOf(request)}`
    case 'elsewhere':
      return `${request.what} to ${request.server}`
    case 'unhandled':
      return request.what
  }
}

function insteadOf({ to, serverId }: Extract<Request, { message: 'REQUEST' }>): string {
  return to === 'partner' ? ` from the other instance, ${serverId}, which is gone` : ''
}

/** `uefi-x64 (architecture 7)`. */
export function firmwareOf({ client: { firmware, architectures } }: Extract<Request, { client: unknown }>): string {
  if (architectures.length === 0) return firmware.name
  const more = architectures.length > MOST_SHOWN ? ', ...' : ''
  return `${firmware.name} (architecture ${architectures.slice(0, MOST_SHOWN).join(', ')}${more})`
}
