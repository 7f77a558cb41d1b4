import type { Endpoint } from '../net/endpoint.ts'
import { type Ipv4, LIMITED_BROADCAST, UNSPECIFIED } from '../net/ipv4.ts'
import { macFromBytes } from '../net/mac.ts'
import type { ReportStep, Step } from '../net/step.ts'
import { type Datagram, type Interface, openUdp } from '../net/udp.ts'
import { Admission } from './admission.ts'
import { type Answer, nothing } from './answer.ts'
import { decode, encode, type Packet } from './codec.ts'
import { groupCommits } from './commits.ts'
import { destination } from './destination.ts'
import { MalformedPacket } from './malformed.ts'
import type { Keeper, Role } from './role.ts'
import type { Trace } from './trace.ts'

export type ServerOptions = {
  readonly interfaces: readonly Interface[]
  /** 67; 0 for any, which differs between interfaces. Clients are answered at the port above. */
  readonly port: number
  /** Default: the system's sockets. */
  readonly open?: typeof openUdp
  readonly report: ReportStep
  /** Whether anybody is answered now; left out: always. */
  readonly isServing?: () => boolean
  /** How many commits may run; left out: two. */
  readonly commitsAtOnce?: () => number
  readonly trace: Pick<Trace, 'record'>
  /** Milliseconds; only differences count. */
  readonly now: () => number
}

export type DhcpServer = {
  /** Where it listens, in the order of the interfaces. */
  readonly endpoints: readonly Endpoint[]
  /** Packets by their step's outcome. */
  counters(): Readonly<Record<string, number>>
  /** Sends a packet to all on each link but loopback, which has no broadcasts. */
  broadcast(packetFrom: (at: Interface) => Packet): void
  /** Stops receiving, lets the ACKs under way leave, frees the ports. */
  close(): Promise<void>
}

/** A step is told in two halves: what was asked, and what came of it. */
type Question = Pick<Step, 'mac' | 'address' | 'asked'>
type Conversation = { readonly packet: Packet | undefined; readonly datagram: Datagram; readonly question: Question }
/** An answer that waits until what it promises is durable. */
type Pending<Change> = {
  readonly conversation: Conversation
  readonly answer: Answer<Change>
  readonly change: Change
}

/** What {@link encode} makes of what fits into a frame (fit.ts). */
const LONGEST_REPLY = 1500
/** As many as a large site has machines; those beyond ask again some seconds later. */
const MOST_PENDING = 10_000
const UNREAD: Question = { mac: undefined, address: undefined, asked: 'a datagram' }

/**
 * Serves DHCP on the interfaces. Each packet is decoded, understood, answered and reported; whatever
 * is wrong with one ends there.
 * @throws {SocketError} (net/udp.ts) when an interface can't be served; then none is.
 */
export async function serve<Change>(
  options: ServerOptions,
  keeper: Keeper<Change>,
  role: Role<Change>
): Promise<DhcpServer> {
  const { interfaces, port, open = openUdp, report, trace, now, isServing = () => true, commitsAtOnce } = options
  const counters = new Map<string, number>()
  const servers = interfaces.map(({ address }) => address)
  const admission = new Admission((mac) => keeper.isRegistered(mac), now)
  const scratch = new Uint8Array(LONGEST_REPLY)
  let closing = false
  const commits = groupCommits<Pending<Change>>(commit, MOST_PENDING, commitsAtOnce)
  const sockets = await open(interfaces, port, {
    receive,
    failed: (error, at) => tell({ asked: `a reply on ${at.name}` }, broken('send-failed', error))
  })

  return {
    endpoints: sockets.map(({ at, port }) => ({ address: at.address, port })),
    counters: () => Object.fromEntries(counters),
    broadcast(packetFrom) {
      for (const socket of sockets.filter(({ at }) => !at.address.startsWith('127.'))) {
        socket.send(encode(packetFrom(socket.at)), { address: LIMITED_BROADCAST, port: socket.port })
      }
    },
    async close() {
      closing = true
      await commits.idle()
      await Promise.all(sockets.map((socket) => socket.close()))
    }
  }

  /** Nothing that a datagram holds, and no fault of the allocator, goes past here. */
  function receive(datagram: Datagram): void {
    if (closing) return
    if (!isServing()) {
      tell(UNREAD, nothing('not-serving', 'debug', 'this instance serves nobody now'))
      return
    }
    const { bytes, from, cast, socket } = datagram
    const dropped = admission.refusal(bytes, socket.behind)
    if (dropped !== undefined) {
      tell(UNREAD, nothing(dropped, 'debug', 'more came than can be answered'))
      return
    }
    let packet: Packet | undefined
    let asked: Step['asked'] | undefined
    try {
      packet = decode(bytes)
      const asking = role(packet, { server: socket.at.address, servers, cast }, datagram)
      asked = asking.asked
      settle({ packet, datagram, question: questionOf(packet, asked) }, asking.answer())
    } catch (error) {
      const question = packet
        ? questionOf(packet, asked ?? 'a packet')
        : { mac: undefined, address: known(from.address), asked: `a datagram of ${bytes.length} bytes` }
      const answer = error instanceof MalformedPacket ? malformed(error) : broken('error', error)
      finish({ packet, datagram, question }, answer)
    }
  }

  /** Answers at once, or as soon as what the answer promises is durable. */
  function settle(conversation: Conversation, answer: Answer<Change>): void {
    const { change } = answer
    if (change === undefined) {
      finish(conversation, answer)
    } else if (!commits.add({ conversation, answer, change })) {
      finish(conversation, nothing('overload', 'info', `${MOST_PENDING} leases wait to be made durable`))
    }
  }

  async function commit(batch: readonly Pending<Change>[]): Promise<void> {
    let impossible: ReadonlyMap<Change, string>
    try {
      impossible = await keeper.commit(batch.map(({ change }) => change))
    } catch (error) {
      for (const { conversation } of batch) finish(conversation, undurable(error))
      return
    }
    for (const { conversation, answer, change } of batch) {
      const reason = impossible.get(change)
      finish(conversation, reason === undefined ? answer : nothing('silence', 'info', reason))
    }
  }

  function finish({ packet, datagram, question }: Conversation, answer: Answer<Change>): void {
    const { bytes, from, socket, cast } = datagram
    let sent: { reply: Uint8Array; to: Endpoint } | undefined
    let { outcome, answered, level } = answer
    try {
      if (packet && answer.reply) {
        const to = answer.reply.to ?? destination(packet, answer.reply.message, from, socket.port)
        sent = { reply: encode(answer.reply.packet, scratch), to }
        socket.send(sent.reply, to)
      }
    } catch (error) {
      ;({ outcome, answered, level } = broken('error', error))
    }
    trace.record({
      mac: question.mac,
      known: question.mac !== undefined && keeper.isRegistered(question.mac),
      interface: socket.at.name,
      from,
      server: { address: socket.at.address, port: socket.port },
      cast,
      request: bytes,
      reply: sent?.reply,
      to: sent?.to,
      outcome,
      answered,
      reasons: answer.reasons
    })
    tell(question, { outcome, answered, level })
  }

  function tell(
    question: Question,
    { outcome, answered, level }: Pick<Answer, 'outcome' | 'answered' | 'level'>
  ): void {
    count(outcome)
    const { mac, address, asked } = question
    report({ protocol: 'dhcp', mac, address, asked, outcome, answered, level })
  }

  function count(outcome: string): void {
    counters.set(outcome, (counters.get(outcome) ?? 0) + 1)
  }
}

function questionOf({ chaddr, ciaddr }: Packet, asked: Step['asked']): Question {
  return { mac: chaddr.length === 6 ? macFromBytes(chaddr) : undefined, address: known(ciaddr), asked }
}

function known(address: Ipv4): Ipv4 | undefined {
  return address === UNSPECIFIED ? undefined : address
}

/** Anyone on the network can send such packets: they are counted, and told only to who looks for them. */
function malformed({ code, message }: MalformedPacket): Answer<never> {
  return nothing('malformed', 'debug', `malformed (${code}): ${message}`)
}

function undurable(error: unknown): Answer<never> {
  const message = error instanceof Error ? error.message : String(error)
  return nothing('commit-failed', 'warn', `the lease could not be made durable: ${message}`)
}

function broken(outcome: 'error' | 'send-failed', error: unknown): Answer<never> {
  return nothing(outcome, 'warn', error instanceof Error ? error.message : String(error))
}
