import { isDeepStrictEqual } from 'node:util'
import { BatchReceiver } from './batch.ts'
import type { Endpoint } from './endpoint.ts'
import type { InterfaceWatch } from './interface-watch.ts'
import { type Interface, ownersOf } from './interfaces.ts'
import { UNSPECIFIED } from './ipv4.ts'
import { type Libc, loadLibc } from './libc.ts'
import { readLinks } from './links.ts'
import { adoptSocket, type Binding, type BoundSocket, openSocket } from './socket.ts'
import { explained, SocketError } from './socket-error.ts'
import type { PassedSocket } from './systemd.ts'
import { UdpReader } from './udp-reader.ts'
import { UdpWriter } from './udp-writer.ts'

export { type Interface, SocketError }

/** How a datagram was addressed: to this instance's own address, or to all on the link. */
export type Cast = 'unicast' | 'broadcast'

/** A datagram that came in, and the interface's socket that answers it. */
export type Datagram = {
  readonly bytes: Uint8Array
  readonly from: Endpoint
  readonly cast: Cast
  readonly socket: UdpSocket
}

export type UdpHandlers = {
  receive(datagram: Datagram): void
  /** A datagram that couldn't be sent, or a fault of the open socket. */
  failed(error: Error, at: Interface): void
}

export type UdpOptions = {
  /** Those among them that are bound as {@link bindingsOf} says are taken over instead of opening others. */
  readonly passed?: readonly PassedSocket[]
  /** Tells of interfaces that are back; without it, one that was deleted gets no broadcasts any more. */
  readonly watch?: InterfaceWatch
}

export interface UdpSocket {
  readonly at: Interface
  /** The one that was bound, where port 0 asked for any. */
  readonly port: number
  /** For how many turns of the event loop in a row more was received than could be taken: 0 where nothing waits. */
  readonly behind: number
  /**
   * To an address or, with 255.255.255.255, to all on the interface's link. The bytes are copied. Never throws: what
   * can't be sent goes to `failed`, at the latest before the event loop goes on.
   */
  send(bytes: Uint8Array, to: Endpoint): void
  /** Afterwards nothing is received any more and the port is free. */
  close(): Promise<void>
}

/**
 * Opens UDP on interfaces, broadcasts included.
 *
 * An interface has two sockets. The one bound to the device gets the broadcasts, which carry no
 * other hint at the link they came from. The one bound to the address gets unicasts, also those
 * that came in elsewhere: through another interface from a relay agent, through `lo` from this very
 * host. It sends everything: Linux routes 255.255.255.255 through the interface that has the bound
 * source address, whatever the default route. Loopback, for tests and unprivileged use, has only
 * the second: there are no broadcasts. Of an interface with several addresses here, the first answers them.
 *
 * The devices' sockets come first and unshared, which fails if any other program would get the same
 * packets. They share the port only while the addresses are bound beside them.
 * @param port 0 for any; it then differs between interfaces.
 * @returns in the interfaces' order, before anything is handed to `receive`.
 * @throws {SocketError} when one can't be had; then none is left open.
 */
export async function openUdp(
  interfaces: readonly Interface[],
  port: number,
  handlers: UdpHandlers,
  { passed = [], watch }: UdpOptions = {}
): Promise<readonly UdpSocket[]> {
  const libc = loadLibc()
  const devices = new Map<Interface, BoundSocket>()
  const addresses = new Map<Interface, BoundSocket>()
  try {
    refuseForeign(libc, interfaces)
    for (const at of interfaces.filter(takesBroadcasts)) devices.set(at, bind(at, deviceOf(at, port), [], passed))
    for (const at of interfaces) {
      const own = addressOf(at, devices.get(at)?.socket.address().port ?? port)
      addresses.set(at, bind(at, own, devices.values(), passed))
    }
  } catch (error) {
    await Promise.all([...devices.values(), ...addresses.values()].map((each) => each.close()))
    throw error
  }
  const batches = new BatchReceiver(libc)
  return Array.from(addresses, ([at, address]) => {
    const device = devices.get(at)
    const reopen = () => bind(at, deviceOf(at, address.socket.address().port), addresses.values(), [])
    return new InterfaceSocket(at, handlers, { libc, batches, address, device, reopen, watch })
  })

  /** Beside others that hold the port too: they share it for that moment, and those in `ready` until they are taken. */
  function bind(at: Interface, to: Binding, beside: Iterable<BoundSocket>, ready: readonly PassedSocket[]) {
    const fitting = ready.find(({ binding }) => isDeepStrictEqual(binding, to))
    const others = [...beside]
    const shared = others.length > 0 || ready.some(({ binding }) => binding?.port === to.port)
    try {
      if (fitting) return adoptSocket(libc, fitting.fd)
      for (const each of others) each.share(true)
      return openSocket(libc, to, shared)
    } catch (error) {
      throw explained(error as NodeJS.ErrnoException, at, port)
    } finally {
      for (const each of others) each.share(false)
    }
  }
}

/** What the sockets are bound to. @param port not 0. */
export function bindingsOf(interfaces: readonly Interface[], port: number): Binding[] {
  const onDevices = interfaces.filter(takesBroadcasts).map((at) => deviceOf(at, port))
  return [...onDevices, ...interfaces.map((at) => addressOf(at, port))]
}

function takesBroadcasts({ name, address }: Interface, index: number, all: readonly Interface[]): boolean {
  return !address.startsWith('127.') && all.findIndex((each) => each.name === name) === index
}

function deviceOf({ name }: Interface, port: number): Binding {
  return { address: UNSPECIFIED, port, device: name }
}

function addressOf({ address }: Interface, port: number): Binding {
  return { address, port }
}

/** An address of another interface binds well, and then nobody is answered. */
function refuseForeign(libc: Libc, interfaces: readonly Interface[]): void {
  const links = readLinks(libc)
  for (const { name, address } of interfaces) {
    const owners = ownersOf(address, links)
    if (owners.length > 0 && !owners.includes(name)) {
      throw new SocketError('EADDRNOTAVAIL', `${address} is an address of ${owners.join(', ')}, not of ${name}`)
    }
  }
}

type Parts = {
  readonly libc: Libc
  readonly batches: BatchReceiver
  readonly address: BoundSocket
  readonly device: BoundSocket | undefined
  /** Opens another in the place of `device`. */
  readonly reopen: () => BoundSocket
  readonly watch: InterfaceWatch | undefined
}

class InterfaceSocket implements UdpSocket {
  readonly at: Interface
  readonly port: number
  readonly #handlers: UdpHandlers
  readonly #batches: BatchReceiver
  readonly #writer: UdpWriter
  readonly #unicasts: UdpReader
  readonly #unwatch: (() => void) | undefined
  #broadcasts: UdpReader | undefined

  constructor(at: Interface, handlers: UdpHandlers, { libc, batches, address, device, reopen, watch }: Parts) {
    this.at = at
    this.port = address.socket.address().port
    this.#handlers = handlers
    this.#batches = batches
    this.#writer = new UdpWriter(libc, address, (error) => handlers.failed(error, at))
    this.#unicasts = this.#reader(address, 'unicast')
    if (device === undefined) return
    this.#broadcasts = this.#reader(device, 'broadcast')
    this.#unwatch = watch?.onReturn(at.name, () => {
      this.#broadcasts?.close()
      this.#broadcasts = undefined
      this.#broadcasts = this.#reader(reopen(), 'broadcast')
    })
  }

  get behind(): number {
    return Math.max(this.#unicasts.behind, this.#broadcasts?.behind ?? 0)
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    this.#writer.send(bytes, to)
  }

  async close(): Promise<void> {
    this.#unwatch?.()
    this.#writer.close()
    await Promise.all([this.#unicasts.close(), this.#broadcasts?.close()])
  }

  #reader(source: BoundSocket, cast: Cast): UdpReader {
    const receive = (bytes: Uint8Array, from: Endpoint) => this.#handlers.receive({ bytes, from, cast, socket: this })
    return new UdpReader(this.#batches, source, receive, (error) => this.#handlers.failed(error, this.at))
  }
}
