import { createSocket, type Socket, type SocketOptions } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { type DeviceSocket, openOnDevice } from './device.ts'
import type { Endpoint } from './endpoint.ts'
import type { Ipv4 } from './ipv4.ts'

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
  /** To an address or, with 255.255.255.255, to all on the interface's link. Never throws: what can't be sent goes to `failed`. */
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

/** A rack that powers on sends hundreds of DISCOVERs in one millisecond. Bytes; the kernel caps it at net.core.rmem_max. */
const RECEIVE_BUFFER = 1 << 20
const SOCKET_OPTIONS: SocketOptions = {
  type: 'udp4',
  recvBufferSize: RECEIVE_BUFFER,
  /** Addresses are never names here: without the resolver's detour a datagram is with the kernel before `send` returns. */
  lookup: (address, _options, found) => found(null, address, 4)
}
/** Replies that wait for the kernel to take them; those beyond are dropped, and the clients ask again. */
const LONGEST_SEND_QUEUE = 1000

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
  const opened: Socket[] = []
  try {
    const devices = new Map<Interface, DeviceSocket>()
    for (const at of interfaces.filter(({ address }) => !address.startsWith('127.'))) {
      refuseForeign(at)
      const device = await explaining(at, port, openOnDevice(at.name, port, SOCKET_OPTIONS))
      opened.push(device.socket)
      devices.set(at, device)
    }
    for (const device of devices.values()) device.share(true)
    const sockets: UdpSocket[] = []
    for (const at of interfaces) {
      const broadcasts = devices.get(at)?.socket
      const bound = bindAddress(at.address, broadcasts?.address().port ?? port, devices.size > 0)
      const unicasts = await explaining(at, port, bound)
      opened.push(unicasts)
      sockets.push(shell(at, handlers, unicasts, broadcasts))
    }
    for (const device of devices.values()) device.share(false)
    return sockets
  } catch (error) {
    await Promise.all(opened.map(closed))
    throw error
  }
}

/** @param shared whether to bind beside sockets that share the port. */
async function bindAddress(address: Ipv4, port: number, shared: boolean): Promise<Socket> {
  const socket = createSocket({ ...SOCKET_OPTIONS, reuseAddr: shared })
  try {
    // Addresses that need no resolving are bound before `bind` returns: who listens later hears nothing.
    const listening = once(socket, 'listening')
    socket.bind(port, address)
    await listening
    socket.setBroadcast(true)
    return socket
  } catch (error) {
    socket.close()
    throw error
  }
}

function shell(at: Interface, { receive, failed }: UdpHandlers, unicasts: Socket, broadcasts?: Socket): UdpSocket {
  const fail = (error: Error) => failed(error, at)
  const socket: UdpSocket = {
    at,
    port: unicasts.address().port,
    send(bytes, to) {
      try {
        if (unicasts.getSendQueueCount() < LONGEST_SEND_QUEUE) {
          unicasts.send(bytes, to.port, to.address, (error) => error && fail(error))
        } else {
          fail(
            new SocketError('ENOBUFS', `${LONGEST_SEND_QUEUE} datagrams wait to be sent: one to ${to.address} dropped`)
          )
        }
      } catch (error) {
        // A datagram may claim to come from port 0: dgram throws on an answer to it.
        fail(error as Error)
      }
    },
    async close() {
      await Promise.all([closed(unicasts), broadcasts && closed(broadcasts)])
    }
  }
  const listen = (source: Socket, cast: Cast) =>
    source.on('error', fail).on('message', (bytes, { address, port }) => {
      receive({ bytes, from: { address: address as Ipv4, port }, cast, socket })
    })
  listen(unicasts, 'unicast')
  if (broadcasts) listen(broadcasts, 'broadcast')
  return socket
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
