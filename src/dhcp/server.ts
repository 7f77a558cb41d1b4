import type { Endpoint } from '../net/endpoint.ts'
import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import { macFromBytes } from '../net/mac.ts'
import type { ReportStep, Step } from '../net/step.ts'
import { type Datagram, type Interface, openUdp } from '../net/udp.ts'
import type { Allocator, Client, Grant } from './allocator.ts'
import { decode, encode, type Packet } from './codec.ts'
import { groupCommits } from './commits.ts'
import { describeGrant, describeRequest } from './describe.ts'
import { destination } from './destination.ts'
import { interpret, type Request } from './interpret.ts'
import { MalformedPacket } from './malformed.ts'
import { grantReply, refusalReply } from './respond.ts'

export type DhcpServerOptions = {
  readonly interfaces: readonly Interface[]
  /** 67; 0 for any, which differs between interfaces. Clients are answered at the port above. */
  readonly port: number
  readonly allocator: Allocator
  readonly report: ReportStep
}

export type DhcpServer = {
  /** Where it listens, in the order of the interfaces. */
  readonly endpoints: readonly Endpoint[]
  /** Packets by their step's outcome. */
  counters(): Readonly<Record<string, number>>
  /** Stops receiving, lets the ACKs under way leave, frees the ports. */
  close(): Promise<void>
}

/** A step is told in two halves: what was asked, and what came of it. */
type Question = Pick<Step, 'mac' | 'address' | 'asked'>
type Outcome = Pick<Step, 'answered' | 'level' | 'outcome'>
type Conversation = { readonly packet: Packet; readonly datagram: Datagram; readonly question: Question }
/** A granted lease whose ACK waits until it is durable. */
type Pending = Conversation & { readonly client: Client; readonly grant: Grant; readonly serverId: Ipv4 }

/** As many as a large site has machines; those beyond ask again some seconds later. */
const MOST_PENDING = 10_000

/**
 * Serves DHCP on the interfaces. Each packet is decoded, interpreted, put to the allocator, answered
 * and reported; whatever is wrong with one ends there.
 * @throws {SocketError} (net/udp.ts) when an interface can't be served; then none is.
 */
export async function start({ interfaces, port, allocator, report }: DhcpServerOptions): Promise<DhcpServer> {
  const counters = new Map<string, number>()
  const servers = interfaces.map(({ address }) => address)
  let closing = false
  const commits = groupCommits<Pending>((batch) => allocator.commit(batch), acknowledge, MOST_PENDING)
  const sockets = await openUdp(interfaces, port, {
    receive,
    failed: (error, at) => tell({ asked: `a reply on ${at.name}` }, broken('send-failed', error))
  })

  return {
    endpoints: sockets.map(({ at, port }) => ({ address: at.address, port })),
    counters: () => Object.fromEntries(counters),
    async close() {
      closing = true
      await commits.idle()
      await Promise.all(sockets.map((socket) => socket.close()))
    }
  }

  /** Nothing that a datagram holds, and no fault of the allocator, goes past here. */
  function receive(datagram: Datagram): void {
    if (closing) return
    const { bytes, from, cast, socket } = datagram
    let question: Question = { ...whoHas(from.address), asked: `a datagram of ${bytes.length} bytes` }
    try {
      const packet = decode(bytes)
      const request = interpret(packet, { server: socket.at.address, servers, cast })
      question = { ...whoAsks(packet), asked: describeRequest(packet, request) }
      const outcome = answer(request, { packet, datagram, question })
      if (outcome) tell(question, outcome)
    } catch (error) {
      tell(question, error instanceof MalformedPacket ? malformed(error) : broken('error', error))
    }
  }

  /** @returns what came of it; undefined where that is told later, when the lease is durable. */
  function answer(request: Request, conversation: Conversation): Outcome | undefined {
    switch (request.message) {
      case 'unhandled':
        return nothing('unhandled', 'debug', 'Tandem has no answer to that')
      case 'elsewhere':
        return nothing('elsewhere', 'debug', 'the client chose another server')
      case 'DISCOVER': {
        const grant = allocator.offer(request.client, request.requested)
        if ('refused' in grant) return nothing('silence', grant.actOn ? 'warn' : 'info', grant.reason)
        send('OFFER', grantReply(conversation.packet, 'OFFER', grant, request.serverId), conversation)
        return { answered: describeGrant('OFFER', grant), level: 'info', outcome: 'offer' }
      }
      case 'REQUEST': {
        const { client, serverId } = request
        const grant = allocator.request(client, request.address)
        if (!('refused' in grant)) {
          const taken = commits.add({ ...conversation, client, grant, serverId })
          return taken ? undefined : nothing('overload', 'info', `${MOST_PENDING} leases wait to be made durable`)
        }
        if (grant.refused === 'silence') return nothing('silence', grant.actOn ? 'warn' : 'info', grant.reason)
        send('NAK', refusalReply(conversation.packet, grant.reason, serverId), conversation)
        return { answered: `NAK: ${grant.reason}`, level: 'info', outcome: 'nak' }
      }
    }
  }

  function acknowledge(batch: readonly Pending[], error?: Error): void {
    for (const pending of batch) tell(pending.question, error ? undurable(error) : ack(pending))
  }

  function ack(pending: Pending): Outcome {
    try {
      send('ACK', grantReply(pending.packet, 'ACK', pending.grant, pending.serverId), pending)
      return { answered: describeGrant('ACK', pending.grant), level: 'info', outcome: 'ack' }
    } catch (error) {
      return broken('error', error)
    }
  }

  function send(message: 'OFFER' | 'ACK' | 'NAK', reply: Packet, { packet, datagram }: Conversation): void {
    const { from, socket } = datagram
    socket.send(encode(reply), destination(packet, message, from, socket.port))
  }

  function tell(question: Question, outcome: Outcome): void {
    counters.set(outcome.outcome, (counters.get(outcome.outcome) ?? 0) + 1)
    report({ protocol: 'dhcp', ...question, ...outcome })
  }
}

function whoAsks({ chaddr, ciaddr }: Packet): Pick<Step, 'mac' | 'address'> {
  return { ...(chaddr.length === 6 && { mac: macFromBytes(chaddr) }), ...whoHas(ciaddr) }
}

function whoHas(address: Ipv4): Pick<Step, 'address'> {
  return address === UNSPECIFIED ? {} : { address }
}

function nothing(outcome: string, level: Step['level'], reason: string): Outcome {
  return { answered: `nothing: ${reason}`, level, outcome }
}

/** Anyone on the network can send such packets: they are counted, and told only to who looks for them. */
function malformed({ code, message }: MalformedPacket): Outcome {
  return nothing('malformed', 'debug', `malformed (${code}): ${message}`)
}

function undurable({ message }: Error): Outcome {
  return nothing('commit-failed', 'warn', `the lease could not be made durable: ${message}`)
}

function broken(outcome: 'error' | 'send-failed', error: unknown): Outcome {
  return nothing(outcome, 'warn', error instanceof Error ? error.message : String(error))
}
