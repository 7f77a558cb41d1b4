import { createSocket, type SocketOptions } from 'node:dgram'
import type { Endpoint } from '../net/endpoint.ts'
import type { Ipv4 } from '../net/ipv4.ts'

export interface UdpSocket {
  /** The one that was bound, where port 0 asked for any. */
  readonly port: number
  /** Never throws: what can't be sent goes to `failed`. */
  send(bytes: Uint8Array, to: Endpoint): void
  close(): Promise<void>
}

export type UdpHandlers = {
  receive(bytes: Uint8Array, from: Endpoint): void
  failed(error: Error): void
}

/** Rejects with the system's error (`code` EADDRINUSE, EACCES, ...). */
export type Bind = (local: Endpoint, handlers: UdpHandlers) => Promise<UdpSocket>

export const bindUdp: Bind = (local, { receive, failed }) => {
  const socket = createSocket({ type: 'udp4', lookup: literalAddress })
  socket.on('message', (bytes, { address, port }) => {
    // RFC 768: port 0 is no sender's. Nobody could be answered there.
    if (port !== 0) receive(bytes, { address: address as Ipv4, port })
  })
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => {
      socket.close()
      reject(error)
    }
    socket.once('error', refuse)
    socket.bind(local.port, local.address, () => {
      socket.off('error', refuse)
      socket.on('error', failed)
      resolve({
        port: socket.address().port,
        send(bytes, to) {
          try {
            socket.send(bytes, to.port, to.address, (error) => error && failed(error))
          } catch (error) {
            // dgram throws on a port that is none, and after close.
            failed(error as Error)
          }
        },
        close: () => new Promise((closed) => socket.close(closed))
      })
    })
  })
}

/** Addresses are never names here. Without the resolver's detour a packet is with the kernel before `send` returns, and may be followed by `close`. */
const literalAddress: NonNullable<SocketOptions['lookup']> = (address, _options, found) => found(null, address, 4)
