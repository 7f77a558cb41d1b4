import { X509Certificate } from 'node:crypto'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import type { Ipv4 } from '../net/ipv4.ts'
import { FrameReader, frame, readOne } from './frames.ts'
import type { Message } from './messages.ts'
import type { Wire } from './session.ts'

/** PEM. */
export type Identity = { readonly cert: string; readonly key: string }
export type Address = { readonly address: string; readonly port: number }

/** Milliseconds: a connection that isn't there by then won't be. */
const CONNECT_MS = 1500
const FIRST_MESSAGE_MS = 3000
/** Bytes that may wait to be sent: a peer that reads nothing is hung up on. */
const MOST_UNSENT = 64 * 1024 * 1024

/** What a connection is for, said by who opens it. */
export type Opening =
  | { readonly purpose: 'link' }
  | { readonly purpose: 'file'; readonly sha256: string }
  | { readonly purpose: 'loaders' }
  | { readonly purpose: 'loader'; readonly name: string }
  | {
      readonly purpose: 'join'
      readonly code: string
      readonly instance: string
      readonly version: string
      readonly protocol: number
      readonly oldest: number
      /** Where machines reach it. */
      readonly addresses?: readonly Ipv4[]
    }

/** SHA-256 of a certificate, hexadecimal. */
export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
}

/**
 * Listens for the other instance. Only it gets further than its first message: its certificate is pinned. Anybody else can do
 * no more than ask to join.
 * @param peer the fingerprint of the other instance's certificate; undefined while there is none.
 */
export async function listen(options: {
  readonly at: Address
  readonly identity: Identity
  readonly peer: () => string | undefined
  readonly opened: (opening: Opening, socket: TLSSocket, cert: string, isPeer: boolean) => void
  readonly tell: (message: string) => void
}): Promise<Server> {
  const { at, identity, peer, opened, tell } = options
  const server = createServer(
    {
      ...identity,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      handshakeTimeout: FIRST_MESSAGE_MS
    },
    async (socket) => {
      socket.on('error', () => socket.destroy())
      socket.setNoDelay(true)
      const cert = certificateOf(socket)
      const isPeer = cert !== undefined && fingerprintOf(cert) === peer()
      try {
        const { message, rest } = await readOne(socket, FIRST_MESSAGE_MS)
        const opening = message as Opening
        if (cert === undefined || (!isPeer && opening.purpose !== 'join')) {
          tell(`${socket.remoteAddress} was hung up on: it isn't the other instance of this pair`)
          socket.destroy()
          return
        }
        if (rest.length > 0) socket.unshift(rest)
        opened(opening, socket, cert, isPeer)
      } catch {
        socket.destroy()
      }
    }
  )
  server.maxConnections = 64
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: at.address, port: at.port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return server
}

/**
 * @param fingerprint of the certificate that the other side must show.
 * @returns the connection, with that certificate.
 * @throws {Error} with the reason, in words.
 */
export function dial(
  to: Address,
  identity: Identity,
  fingerprint: string,
  opening: Opening
): Promise<{ readonly socket: TLSSocket; readonly cert: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...identity,
      host: to.address,
      port: to.port,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      timeout: CONNECT_MS
    })
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    socket.once('timeout', () => fail(new Error(`${to.address}:${to.port} doesn't answer`)))
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      const cert = certificateOf(socket)
      if (cert === undefined || fingerprintOf(cert) !== fingerprint) {
        fail(new Error(`${to.address}:${to.port} shows another certificate than expected`))
        return
      }
      socket.setTimeout(0)
      socket.setNoDelay(true)
      socket.off('error', fail)
      socket.on('error', () => socket.destroy())
      socket.write(frame(opening))
      resolve({ socket, cert })
    })
  })
}

/** Speaks messages over a connection to the other instance. */
export function wireOver(
  socket: TLSSocket,
  handlers: {
    message(wire: Wire, message: Message): void
    /** A message couldn't be taken: this ends the link. */
    failed(error: Error): void
    closed(wire: Wire): void
  }
): Wire {
  const reader = new FrameReader()
  const wire: Wire = {
    send(message) {
      if (socket.destroyed) return
      if (socket.writableLength > MOST_UNSENT) socket.destroy()
      else socket.write(frame(message))
    },
    close: () => {
      // What was said last, such as why, is still to be sent; a peer that doesn't read it isn't waited for.
      socket.end()
      setTimeout(() => socket.destroy(), 500).unref()
    }
  }
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const message of reader.take(chunk)) handlers.message(wire, message as Message)
    } catch (error) {
      handlers.failed(error as Error)
      socket.destroy()
    }
  })
  // The other side's process has ended, or hung up: there is no half of a link.
  socket.on('end', () => socket.destroy())
  socket.on('close', () => handlers.closed(wire))
  socket.resume()
  return wire
}

/** PEM. Asked for while the connection is open. */
function certificateOf(socket: TLSSocket): string | undefined {
  const raw = socket.getPeerCertificate().raw as Buffer | undefined
  return raw && new X509Certificate(raw).toString()
}
