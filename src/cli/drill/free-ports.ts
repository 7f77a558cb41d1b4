import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { CommandFailed } from '../errors.ts'

/** What both instances listen on, each on its own address. The port after `dhcp` is ProxyDHCP's, the one after `pair` the link's second end. */
export type Ports = {
  readonly http: number
  readonly tftp: number
  readonly admin: number
  readonly pair: number
  readonly dhcp: number
}

const NEEDED = 7
const LOWEST = 10_240
const TRIES = 100

/**
 * Ports that nobody uses now and that the system gives to no client either, which might take them before they are
 * listened on.
 * @throws {CommandFailed} where none were found.
 */
export async function freePorts(addresses: readonly string[]): Promise<Ports> {
  for (let tried = 0; tried < TRIES; tried++) {
    const first = randomInt(LOWEST, firstOfClients() - NEEDED)
    if (await areFree(addresses, first)) {
      return { http: first, tftp: first + 1, admin: first + 2, pair: first + 3, dhcp: first + 5 }
    }
  }
  throw new CommandFailed(`no ${NEEDED} ports in a row are free on ${addresses.join(' and ')}: stop what holds them`)
}

/** The lowest port that the system gives to a client by itself (ip(7): ip_local_port_range). */
function firstOfClients(): number {
  const [first] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)
  // Where clients have almost all there are, one of them may be in the way: it is seen, mostly.
  return Number(first) > 2 * LOWEST ? Number(first) : 65_536
}

async function areFree(addresses: readonly string[], first: number): Promise<boolean> {
  for (const address of addresses) {
    for (let port = first; port < first + NEEDED; port++) {
      if (!((await isFree('tcp', port, address)) && (await isFree('udp', port, address)))) return false
    }
  }
  return true
}

async function isFree(protocol: 'tcp' | 'udp', port: number, address: string): Promise<boolean> {
  const socket = protocol === 'tcp' ? createServer().listen(port, address) : createSocket('udp4').bind(port, address)
  try {
    await once(socket, 'listening')
  } catch {
    return false
  }
  socket.close()
  await once(socket, 'close')
  return true
}
