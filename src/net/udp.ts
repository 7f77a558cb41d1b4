import type { Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { BATCH, BatchReceiver, BatchSender, LONGEST_SENT } from './batch.ts'
import type { Endpoint } from './endpoint.ts'
import { type Ipv4, UNSPECIFIED } from './ipv4.ts'
import { type Libc, loadLibc } from './libc.ts'
import { type BoundSocket, openSocket } from './socket.ts'

/** An interface that machines are on, and the address they reach this instance at. */
export type Interface = { readonly name: string; readonly address: Ipv4 }

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

export interface UdpSocket {
  readonly at: Interface
  /** The one that was bound, where port 0 asked for any. */
  readonly port: number
  /** For how many turns of the event loop in a row more was received than could be taken: 0 where nothing waits. */
  readonly behind: number
  /** To an address or, with 255.255.255.255, to all on the interface's link. Never throws: what can't be sent goes to `failed`, at the latest before the event loop goes on. */
  send(bytes: Uint8Array, to: Endpoint): void
  /** Afterwards nothing is received any more and the port is free. */
  close(): Promise<void>
}

/** Why a socket can't be had: `code` is the system's (EADDRINUSE, ...), the message one line that says what to do. */
export class SocketError extends Error {
  override readonly name = 'SocketError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Replies that wait for the kernel to take them; those beyond are dropped, and the clients ask again. */
const LONGEST_SEND_QUEUE = 1000
/** Datagrams that are taken before what they caused goes on: some milliseconds' work. */
const MOST_AT_ONCE = 512

/**
 * Opens UDP on interfaces, broadcasts included.
 *
 * An interface has two sockets. The one bound to the device gets the broadcasts, which carry no
 * other hint at the link they came from. The one bound to the address gets unicasts, also those
 * that came in elsewhere: through another interface from a relay agent, through `lo` from this very
 * host. It sends everything: Linux routes 255.255.255.255 through the interface that has the bound
 * source address, whatever the default route. Loopback, for tests and unprivileged use, has only
 * the second: there are no broadcasts.
 *
 * The devices' sockets come first and unshared, which fails if any other program would get the same
 * packets. They share the port only until the addresses are bound beside them.
 * @param port 0 for any; it then differs between interfaces.
 * @returns in the interfaces' order, before anything is handed to `receive`.
 * @throws {SocketError} when one can't be had; then none is left open.
 */
export async function openUdp(
  interfaces: readonly Interface[],
  port: number,
  handlers: UdpHandlers
): Promise<readonly UdpSocket[]> {
  const libc = loadLibc()
  const receiver = new BatchReceiver(libc)
  const opened: Socket[] = []
  try {
    const devices = new Map<Interface, BoundSocket>()
    for (const at of interfaces.filter(({ address }) => !address.startsWith('127.'))) {
      refuseForeign(at)
      const device = await explaining(at, port, openSocket(libc, { address: UNSPECIFIED, port, device: at.name }))
      opened.push(device.socket)
      devices.set(at, device)
    }
    for (const device of devices.values()) device.share(true)
    const sockets: UdpSocket[] = []
    for (const at of interfaces) {
      const broadcasts = devices.get(at)
      const own = { address: at.address, port: broadcasts?.socket.address().port ?? port, shared: devices.size > 0 }
      const unicasts = await explaining(at, port, openSocket(libc, own))
      opened.push(unicasts.socket)
      sockets.push(shell(at, handlers, { libc, receiver, unicasts, broadcasts }))
    }
    for (const device of devices.values()) device.share(false)
    return sockets
  } catch (error) {
    await Promise.all(opened.map(closed))
    throw error
  }
}

function shell(
  at: Interface,
  { receive, failed }: UdpHandlers,
  io: { libc: Libc; receiver: BatchReceiver; unicasts: BoundSocket; broadcasts: BoundSocket | undefined }
): UdpSocket {
  const { unicasts, broadcasts } = io
  const sender = new BatchSender(io.libc, unicasts.fd)
  const fail = (error: Error) => failed(error, at)
  let closing = false
  let flushing = false
  let behind = 0

  const socket: UdpSocket = {
    at,
    port: unicasts.socket.address().port,
    get behind() {
      return behind
    },
    send(bytes, to) {
      // The descriptor's number may be another file's by now.
      if (closing) {
        fail(new SocketError('EBADF', `the socket is closed: a datagram to ${to.address} dropped`))
        return
      }
      if (bytes.length > LONGEST_SENT) {
        sendAlone(bytes, to)
        return
      }
      if (sender.isFull) flush()
      sender.add(bytes, to)
      if (flushing) return
      flushing = true
      queueMicrotask(flush)
    },
    async close() {
      flush()
      closing = true
      await Promise.all([closed(unicasts.socket), broadcasts && closed(broadcasts.socket)])
    }
  }
  listen(unicasts, 'unicast')
  if (broadcasts) listen(broadcasts, 'broadcast')
  return socket

  /** Whatever one turn of the event loop sends leaves together. */
  function flush(): void {
    flushing = false
    if (closing) return
    sender.flush((error, bytes, to) => {
      if (error.code === 'EAGAIN') sendAlone(bytes, to)
      else fail(error)
    })
  }

  /** Through Node, which waits until the system takes it. */
  function sendAlone(bytes: Uint8Array, to: Endpoint): void {
    if (unicasts.socket.getSendQueueCount() >= LONGEST_SEND_QUEUE) {
      fail(new SocketError('ENOBUFS', `${LONGEST_SEND_QUEUE} datagrams wait to be sent: one to ${to.address} dropped`))
      return
    }
    try {
      unicasts.socket.send(bytes, to.port, to.address, (error) => error && fail(error))
    } catch (error) {
      // A datagram may claim to come from port 0: dgram throws on an answer to it.
      fail(error as Error)
    }
  }

  /**
   * Node tells of the first datagram; what else has come by then is taken with it, once a turn of
   * the event loop, so that what was taken is answered before more is.
   */
  function listen({ socket: source, fd }: BoundSocket, cast: Cast): void {
    let drained = false
    const hand = (bytes: Uint8Array, from: Endpoint) => receive({ bytes, from, cast, socket })
    source.on('error', fail).on('message', (bytes, { address, port }) => {
      hand(bytes, { address: address as Ipv4, port })
      if (drained) return
      drained = true
      setImmediate(() => {
        drained = false
      })
      let rest = MOST_AT_ONCE
      while (!closing && rest > 0 && io.receiver.receive(fd, hand) === BATCH) rest -= BATCH
      behind = rest > 0 ? 0 : behind + 1
    })
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve))
}

async function explaining<T>(at: Interface, port: number, opening: Promise<T>): Promise<T> {
  try {
    return await opening
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, at, port)
  }
}

/** An address of another interface binds well, and then nobody is answered. Names may carry a label: `eth0:1`. */
function refuseForeign({ name, address }: Interface): void {
  const owners = Object.entries(networkInterfaces())
    .filter(([, addresses]) => addresses?.some((each) => each.address === address))
    .map(([owner]) => owner.replace(/:.*/, ''))
  if (owners.length > 0 && !owners.includes(name)) {
    throw new SocketError('EADDRNOTAVAIL', `${address} is an address of ${owners.join(', ')}, not of ${name}`)
  }
}

function explained(error: NodeJS.ErrnoException, { name, address }: Interface, port: number): SocketError {
  const { code = 'EIO', message } = error
  switch (code) {
    case 'EADDRINUSE':
      return new SocketError(
        code,
        `UDP port ${port} of ${address} on ${name} is held by another program: \`ss -lunp sport = :${port}\` shows which; stop it first`
      )
    case 'EACCES':
      return new SocketError(
        code,
        `UDP port ${port} needs the capability CAP_NET_BIND_SERVICE: run as root or set AmbientCapabilities= in the systemd unit`
      )
    case 'EPERM':
      return new SocketError(
        code,
        `binding to the interface ${name} needs the capability CAP_NET_RAW: run as root or set AmbientCapabilities= in the systemd unit`
      )
    case 'ENODEV':
      return new SocketError(code, `there is no interface ${name}: \`ip link\` lists those there are`)
    case 'EADDRNOTAVAIL':
      return new SocketError(code, `${address} is not an address of ${name}: \`ip address\` lists those there are`)
    default:
      return new SocketError(code, `UDP port ${port} of ${address} on ${name} can't be opened: ${message}`)
  }
}
