import type { Endpoint } from '../net/endpoint.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Step } from '../net/step.ts'
import type { Allocator, Client, Grant, LeaseChange, Refusal } from './allocator.ts'
import type { Packet } from './codec.ts'
import { describeGrant, describeInformation } from './describe.ts'
import type { Message } from './destination.ts'
import type { Request } from './interpret.ts'
import { bootpReply, grantReply, informReply, refusalReply } from './respond.ts'

/** What comes of a packet. */
export type Answer<Change = LeaseChange> = {
  readonly outcome: string
  readonly level: Step['level']
  /** For people, in words. */
  readonly answered: string
  readonly reasons: readonly string[]
  readonly reply?:
    | {
        readonly message: Message
        readonly packet: Packet
        /** Left out: where RFC 2131, section 4.1, has it sent. */
        readonly to?: Endpoint
      }
    | undefined
  /** What has to be durable before this answer holds: until then nothing is sent. */
  readonly change?: Change | undefined
}

/** Answers a request; the allocator's holds are the only effect. */
export function answer(request: Request, packet: Packet, allocator: Allocator): Answer {
  switch (request.message) {
    case 'unhandled':
      return nothing('unhandled', 'debug', 'Tandem has no answer to that')
    case 'elsewhere':
      return nothing('elsewhere', 'debug', 'the client chose another server')
    case 'DISCOVER': {
      const grant = allocator.offer(request.client, request.requested)
      if ('refused' in grant) return silence(grant)
      const reply = { message: 'OFFER', packet: grantReply(packet, 'OFFER', grant, request.serverId) } as const
      return told('offer', describeGrant('OFFER', grant), grant, reply)
    }
    case 'REQUEST': {
      const { client, serverId, to, address, state } = request
      const grant = allocator.request(client, address, state, to === 'partner')
      if ('refused' in grant) return grant.refused === 'nak' ? nak(packet, grant, serverId) : silence(grant)
      const reply = { message: 'ACK', packet: grantReply(packet, 'ACK', grant, serverId) } as const
      return told('ack', describeGrant('ACK', grant), grant, reply, granted(client, grant))
    }
    case 'BOOTP': {
      const grant = allocator.bootp(request.client)
      if ('refused' in grant) return silence(grant)
      const reply = { message: 'BOOTREPLY', packet: bootpReply(packet, grant) } as const
      const change = granted(request.client, grant)
      return told('bootreply', describeGrant('BOOTREPLY', grant), grant, reply, change)
    }
    case 'INFORM': {
      const information = allocator.inform(request.client, request.address)
      if ('refused' in information) return silence(information)
      const reply = { message: 'ACK', packet: informReply(packet, information, request.serverId) } as const
      return told('inform', describeInformation(information), information, reply)
    }
    case 'RELEASE':
    case 'DECLINE': {
      const { client, address } = request
      const kind = request.message === 'RELEASE' ? 'release' : 'decline'
      const ending = allocator[kind](client, address)
      if (ending.refused !== undefined) return silence(ending)
      return { ...nothing(kind, ending.actOn ? 'warn' : 'info', ending.reason), change: { kind, client, address } }
    }
  }
}

/** An answer that says nothing to the client. */
export function nothing(outcome: string, level: Step['level'], reason: string): Answer<never> {
  return { outcome, level, answered: `nothing: ${reason}`, reasons: [reason] }
}

function silence({ reason, actOn }: Refusal): Answer {
  return nothing('silence', actOn ? 'warn' : 'info', reason)
}

function nak(packet: Packet, { reason, actOn }: Refusal, serverId: Ipv4): Answer {
  const reply = { message: 'NAK', packet: refusalReply(packet, reason, serverId) } as const
  return { outcome: 'nak', level: actOn ? 'warn' : 'info', answered: `NAK: ${reason}`, reasons: [reason], reply }
}

function told(
  outcome: string,
  answered: string,
  { reasons }: { reasons: readonly string[] },
  reply: Answer['reply'],
  change?: LeaseChange
): Answer {
  return { outcome, level: 'info', answered, reasons, reply, change }
}

function granted(client: Client, grant: Grant): LeaseChange {
  return { kind: 'grant', client, grant }
}
