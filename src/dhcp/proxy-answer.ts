import type { Endpoint } from '../net/endpoint.ts'
import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import type { Client, Information, Refusal } from './allocator.ts'
import { type Answer, nothing } from './answer.ts'
import type { Packet } from './codec.ts'
import { bootOf } from './describe.ts'
import type { Request } from './interpret.ts'
import { bootItemOf, bootServerAck, proxyOffer, type Way } from './proxy-reply.ts'
import type { Keeper } from './role.ts'

/** Where a client is: what it said to another server, for all on its link to hear, or to the boot server. */
export type Sighting = {
  readonly client: Client
  readonly address: Ipv4
  /** It was offered the address just now, or uses it; otherwise it would like to have it back. */
  readonly certain: boolean
}

/** What ProxyDHCP needs from the rest of Tandem: another server gives the addresses. */
export interface Adviser extends Keeper<Sighting> {
  /** What a client boots that has its address from elsewhere, and which options go with that. */
  advise(client: Client): Information | Refusal
}

/** PXE 2.1: the boot item's layer asks for credentials of the boot file, which nobody has any more. */
const CREDENTIALS = 0x8000

/**
 * Answers clients on the DHCP servers' port, beside the server that gives them their addresses: what they
 * boot, and never an address. Whatever they say to that server is only listened to.
 */
export function proxyAnswer(request: Request, packet: Packet, adviser: Adviser): Answer<Sighting> {
  switch (request.message) {
    case 'DISCOVER': {
      const { client, serverId } = request
      const advice = adviceFor(client, adviser)
      if ('outcome' in advice) return advice
      const way = wayOf(client, advice)
      const next = way === 'offer' ? bootOf(advice) : `boot server ${serverId}`
      const reply = { message: 'OFFER', packet: proxyOffer(packet, advice, serverId, way) } as const
      return {
        outcome: 'proxy-offer',
        level: 'info',
        answered: `OFFER without an address, ${next}`,
        reasons: advice.reasons,
        reply
      }
    }
    case 'REQUEST': {
      const { client, serverId, address, state } = request
      const who = state === 'selecting' ? serverId : 'another server'
      const level = client.firmware.name === 'os' && !adviser.isRegistered(client.mac) ? 'debug' : 'info'
      const change = { client, address, certain: state === 'selecting' }
      return { ...nothing('sighting', level, `${who} gives the addresses`), change }
    }
    default:
      return nothing('unhandled', 'debug', 'another server gives the addresses')
  }
}

/**
 * Answers what PXE clients ask the boot server (PXE 2.1, section 2.2.4) once they have their address.
 * @param from where the client asked from, and gets its answer: not all do from port 68.
 */
export function bootServerAnswer(request: Request, packet: Packet, from: Endpoint, adviser: Adviser): Answer<Sighting> {
  const isAsked = request.message === 'REQUEST' || request.message === 'INFORM'
  if (!isAsked || !request.client.vendorClass?.startsWith('PXEClient')) {
    return nothing('unhandled', 'debug', 'only PXE clients have something to ask here')
  }
  if (from.address === UNSPECIFIED || from.port === 0) {
    return nothing('unhandled', 'debug', 'nothing can be sent to where it asks from')
  }
  if (((bootItemOf(packet)?.layer ?? 0) & CREDENTIALS) !== 0) {
    return nothing('silence', 'info', 'it asks for credentials of the boot file (PXE_BOOT_ITEM): there are none')
  }
  const { client, serverId } = request
  const advice = adviceFor(client, adviser)
  if ('outcome' in advice) return advice
  const reply = { message: 'ACK', packet: bootServerAck(packet, advice, serverId), to: from } as const
  const change = { client, address: from.address, certain: true }
  return {
    outcome: 'boot-server',
    level: 'info',
    answered: `ACK, ${bootOf(advice)}`,
    reasons: advice.reasons,
    reply,
    change
  }
}

/** What a client boots, or why it isn't told. */
function adviceFor(client: Client, adviser: Adviser): Information | Answer<never> {
  if (client.firmware.name === 'os') return nothing('unhandled', 'debug', 'it does not boot from the network')
  const advice = adviser.advise(client)
  if ('refused' in advice) return nothing('silence', advice.actOn ? 'warn' : 'info', advice.reason)
  return advice.boot === undefined ? nothing('silence', 'info', advice.reasons.join('; ')) : advice
}

/**
 * EDK2 took no notice of a ProxyDHCP offer with discovery control before April 2017, and all of its
 * versions ask the boot server where there is none: docs/firmware.md.
 */
function wayOf({ firmware }: Client, { boot }: Information): Way {
  return boot?.kind === 'tftp' && firmware.name !== 'bios' ? 'boot-server' : 'offer'
}
