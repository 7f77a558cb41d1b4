import type { ExecutionContext } from 'ava'
import { pino } from 'pino'
import { decode } from '../../../src/dhcp/codec.ts'
import type { Exchange } from '../../../src/dhcp/exchange-ring.ts'
import { read } from '../../../src/dhcp/options.ts'
import type { ServerOptions } from '../../../src/dhcp/server.ts'
import { Trace } from '../../../src/dhcp/trace.ts'
import { Journal } from '../../../src/journal.ts'
import { type Ipv4, UNSPECIFIED } from '../../../src/net/ipv4.ts'
import { OPTION } from '../../../src/net/options/table.ts'
import type { UdpHandlers, UdpSocket } from '../../../src/net/udp.ts'
import type { Boot } from '../../support/boot.ts'
import { turn } from '../loopback.ts'
import { faultOf, faultOfForms, isPlain } from './checks.ts'
import type { Offer, Surroundings } from './mutate.ts'
import type { Random } from './random.ts'
import { ADDRESSES, MACS, openSite, SERVERS } from './site.ts'
import type { Subject } from './subjects.ts'

/** The latest replies, for packets that go on from there. */
const REMEMBERED = 16
/** One packet in so many is looked at in all its forms. */
const CLOSE_LOOKS = 40
/** Hours that may pass at once: leases end meanwhile. */
const MOST_HOURS = 30

type Opened = { readonly socket: UdpSocket & { behind: number }; readonly receive: UdpHandlers['receive'] }

/** A server as the daemon puts it together, but for its sockets and its clocks. Each of its exchanges is checked. */
export class FuzzedServer {
  readonly site: Boot
  readonly #subject: Subject
  readonly #random: Random
  readonly #journal: Journal
  readonly #trace: Trace
  readonly #opened: Opened[] = []
  readonly #offers: Offer[] = []
  readonly outcomes = new Set<string>()
  /** The first thing that went wrong. */
  fault: string | undefined
  /** Milliseconds since it was started. */
  #uptime = 0
  #close = async () => {}

  private constructor(site: Boot, subject: Subject, random: Random) {
    this.site = site
    this.#subject = subject
    this.#random = random
    const { inventory, leases, attempts, speakers, clock } = site
    this.#trace = new Trace({ bytes: 1 << 20, now: clock.now })
    const write = (line: string) => this.#check(isPlain(JSON.parse(line).msg) ? undefined : `the log's line ${line}`)
    const macAt = (address: Ipv4) => speakers.macAt(address)
    this.#journal = new Journal({ log: pino({}, { write }), inventory, leases, attempts, macAt, now: clock.now })
  }

  static async open(t: ExecutionContext, subject: Subject, random: Random): Promise<FuzzedServer> {
    const fuzzed = new FuzzedServer(await openSite(t, subject), subject, random)
    const server = await subject.start(fuzzed.site, fuzzed.#options())
    fuzzed.#close = () => server.close()
    return fuzzed
  }

  get surroundings(): Surroundings {
    return { addresses: ADDRESSES, macs: MACS, offers: this.#offers }
  }

  /** From anywhere, through any interface; now and then again and again. */
  receive(bytes: Uint8Array): void {
    const random = this.#random
    const { socket, receive } = random.pick(this.#opened)
    const from = { address: random.pick(ADDRESSES), port: random.pick([67, 68, 0, 40_000]) }
    const datagram = { bytes, from, cast: random.pick(['unicast', 'broadcast'] as const), socket }
    for (let times = random.once(5000) ? 150 : random.once(8) ? 2 : 1; times > 0; times -= 1) receive(datagram)
    if (random.once(CLOSE_LOOKS)) this.#check(faultOfForms(bytes))
  }

  /** The event loop goes on. Some milliseconds pass, or hours, or the clock is set back. */
  async turn(): Promise<void> {
    const random = this.#random
    await turn()
    this.#uptime += random.below(200)
    this.site.clock.time += random.once(1500) ? random.below(MOST_HOURS * 3_600_000) : random.below(20)
    if (random.once(1500)) this.site.clock.time -= random.below(600_000)
    for (const { socket } of this.#opened) socket.behind = random.once(40) ? 10 : 0
  }

  /** Reads what is kept of all this, as people do. */
  async close(): Promise<void> {
    await this.#close()
    this.#journal.close()
    for (const { asked, answered, reasons } of this.#trace.exchanges()) {
      const texts = [asked, answered, ...reasons]
      this.#check(texts.every(isPlain) ? undefined : `the trace's ${JSON.stringify(texts)}`)
    }
    this.#check([...this.#trace.pcap()].every(({ length }) => length > 0) ? undefined : 'an empty piece of a capture')
  }

  #options(): ServerOptions {
    return {
      interfaces: SERVERS.map((address, index) => ({ name: `br${index}`, address })),
      port: 67,
      report: (step) => this.#journal.step(step),
      trace: { record: (exchange) => this.#record(exchange) },
      now: () => this.#uptime,
      open: async (interfaces, port, { receive }) => {
        const sockets = interfaces.map((at) => ({ at, port, behind: 0, send() {}, async close() {} }))
        this.#opened.push(...sockets.map((socket) => ({ socket, receive })))
        return sockets
      }
    }
  }

  /** Called inside of the server, which would take what is thrown here for its own. */
  #record(exchange: Exchange & { readonly known: boolean }): void {
    const { request, reply, outcome } = exchange
    const fault = faultOf(this.site, exchange, this.#subject.faultOfAddress)
    this.#check(fault && `${fault}, asked by ${Buffer.from(request).toString('hex')}`)
    if (reply) this.#remember(reply)
    this.outcomes.add(outcome)
    this.#trace.record(exchange)
  }

  #remember(reply: Uint8Array): void {
    const { chaddr, yiaddr, giaddr, options } = decode(reply)
    const address = yiaddr === UNSPECIFIED ? this.#random.pick(ADDRESSES) : yiaddr
    this.#offers.unshift({ mac: chaddr, address, server: read(options, OPTION.serverId) ?? UNSPECIFIED, relay: giaddr })
    if (this.#offers.length > REMEMBERED) this.#offers.pop()
    if (this.#random.once(CLOSE_LOOKS)) this.#check(faultOfForms(reply))
  }

  #check(fault: string | undefined): void {
    this.fault ??= fault
  }
}
