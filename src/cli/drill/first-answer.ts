import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { BOOTREPLY, decode, encode } from '../../dhcp/codec.ts'
import { bucketOf } from '../../dhcp/load-balance.ts'
import { type Mac, macToBytes } from '../../net/mac.ts'
import { CommandFailed } from '../errors.ts'
import { DhcpClient } from '../simulate/dhcp.ts'
import type { Place } from '../simulate/machine.ts'
import { macOf, profileOf } from './boots.ts'

/** Milliseconds between two clients that ask for the first time. */
const APART_MS = 10
const MOST_MS = 30_000
/** Numbers of machines that aren't those of the drill. */
const FIRST = 0x4000

/**
 * Seconds until a client is answered that one of the instances answers first: every ten milliseconds another one asks, for the
 * first time.
 * @param clients those of the instance.
 */
export async function firstAnswer(place: Place, clients: Iterator<Mac>): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, place.relay)
  await once(socket, 'listening')
  const start = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const asked = new Set<number>()
  socket.on('message', (bytes) => {
    const { op, xid } = decode(bytes)
    if (op === BOOTREPLY && asked.has(xid)) resolve((performance.now() - start) / 1000)
  })
  const timer = setInterval(() => {
    const mac = clients.next().value as Mac
    const xid = asked.size + 1
    asked.add(xid)
    const packet = new DhcpClient(place, mac, '00000000-0000-4000-8000-000000000001').discover(profileOf('ipxe'), xid)
    for (const { address, port } of place.servers) socket.send(encode(packet), port, address)
    if (performance.now() - start > MOST_MS)
      reject(new CommandFailed("nobody answered the other instance's clients for 30 s"))
  }, APART_MS)
  return promise.finally(() => {
    clearInterval(timer)
    socket.close()
  })
}

/** Clients that an instance answers first, without an end. @param slot the instance's: 0 or 1. */
export function* clientsOf(slot: 0 | 1): Iterator<Mac> {
  for (let number = FIRST; ; number += 1) {
    const mac = macOf(number)
    if ((bucketOf(macToBytes(mac)) & 1) === slot) yield mac
  }
}
