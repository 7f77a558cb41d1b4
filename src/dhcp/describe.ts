import { UNSPECIFIED } from '../net/ipv4.ts'
import type { Grant } from './allocator.ts'
import { architecturesOf } from './classify.ts'
import type { Packet } from './codec.ts'
import type { Request } from './interpret.ts'

/** A step's words: what an operator reads about a conversation. */

/** `DISCOVER from uefi-x64 (architecture 7) through relay agent 10.88.0.1`, and what was left out of account. */
export function describeRequest(packet: Packet, request: Request): string {
  const through = packet.giaddr === UNSPECIFIED ? '' : ` through relay agent ${packet.giaddr}`
  const ignored = 'ignored' in request ? request.ignored.map((each) => `; ignored ${each}`) : []
  return messageOf(packet, request) + through + ignored.join('')
}

/** `OFFER 10.77.0.10 for 3600 s, undionly.kpxe from 10.77.0.1`. */
export function describeGrant(message: 'OFFER' | 'ACK', { address, leaseTime, boot }: Grant): string {
  const lease = `${message} ${address} for ${leaseTime} s`
  if (boot === undefined) return `${lease}, nothing to boot`
  return boot.kind === 'tftp' ? `${lease}, ${boot.file} from ${boot.server}` : `${lease}, ${boot.url}`
}

function messageOf(packet: Packet, request: Request): string {
  switch (request.message) {
    case 'DISCOVER':
      return `DISCOVER from ${firmwareOf(packet, request.client.firmware.name)}`
    case 'REQUEST':
      return `REQUEST ${request.address} (${request.state}) from ${firmwareOf(packet, request.client.firmware.name)}`
    case 'elsewhere':
      return `REQUEST to ${request.server}`
    case 'unhandled':
      return request.what
  }
}

function firmwareOf(packet: Packet, name: string): string {
  const architectures = architecturesOf(packet.options)
  return architectures.length === 0 ? name : `${name} (architecture ${architectures.join(', ')})`
}
