import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import { type Mac, macFromBytes, macToBytes } from '../net/mac.ts'
import { OPTION } from '../net/options/table.ts'
import { BOOTREPLY, BOOTREQUEST, ETHERNET, type Packet } from './codec.ts'
import type { Arrival, Request } from './interpret.ts'
import { entry, MESSAGE, readIfValid } from './options.ts'

/** Milliseconds after which one that was silent for so long is news again. */
const FORGOTTEN_AFTER = 3_600_000
/** Servers that are known at a time: whoever makes up more tells no news. */
const MOST_KNOWN = 100

/** Other DHCP servers, by where they were noticed. */
export class ForeignServers {
  readonly #now: () => number
  readonly #seenAt = new Map<string, number>()

  /** @param now milliseconds; only differences count. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Takes down that a server was noticed. @returns whether that is news. */
  note(server: Ipv4, link: string): boolean {
    const now = this.#now()
    for (const [known, seenAt] of this.#seenAt) if (seenAt + FORGOTTEN_AFTER <= now) this.#seenAt.delete(known)
    const key = `${server} ${link}`
    const isNews = !this.#seenAt.has(key)
    if (isNews && this.#seenAt.size >= MOST_KNOWN) return false
    this.#seenAt.set(key, now)
    return isNews
  }
}

/** An address that no card has: a locally administered one. @param random six bytes. */
export function madeUpMac(random: Uint8Array): Mac {
  const [first = 0, ...others] = random
  return macFromBytes(Uint8Array.of((first & 0xfc) | 0x02, ...others))
}

/**
 * A DISCOVER of a client that there isn't, as if through a relay agent at an address of this host: what other
 * servers offer comes back to it, on the servers' port. Nothing follows, and they forget their offers.
 */
export function probe(mac: Mac, at: Ipv4, xid: number): Packet {
  const chaddr = macToBytes(mac)
  return {
    ...{ op: BOOTREQUEST, htype: ETHERNET, hops: 1, xid, secs: 0, flags: 0, chaddr, sname: '', file: '' },
    ...{ ciaddr: UNSPECIFIED, yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED, giaddr: at },
    options: new Map([
      entry(OPTION.messageType, MESSAGE.DISCOVER),
      entry(OPTION.parameters, [OPTION.subnetMask.code]),
      entry(OPTION.clientId, Uint8Array.of(ETHERNET, ...chaddr))
    ])
  }
}

/** A sign of another server: its offer to the probe, or that a client on this link has taken its address. */
export type Sign = { readonly server: Ipv4; readonly by: 'offer' | 'client' }

/**
 * What a packet tells of other servers. What relay agents bring along tells nothing: clients elsewhere may have
 * servers of their own.
 * @param partners the other instance's addresses: that one isn't foreign.
 */
export function signIn(
  packet: Packet,
  request: Request,
  { servers, cast }: Arrival,
  from: Ipv4,
  probing: Mac,
  partners: readonly Ipv4[] = []
): Sign | undefined {
  if (isOfferTo(packet, probing)) {
    const server = readIfValid(packet.options, OPTION.serverId) ?? from
    return servers.includes(server) || partners.includes(server) ? undefined : { server, by: 'offer' }
  }
  const isHere = cast === 'broadcast' && packet.giaddr === UNSPECIFIED
  if (!isHere || request.message !== 'elsewhere' || request.what !== 'REQUEST') return undefined
  return partners.includes(request.server) ? undefined : { server: request.server, by: 'client' }
}

function isOfferTo({ op, chaddr, options }: Packet, mac: Mac): boolean {
  if (op !== BOOTREPLY || readIfValid(options, OPTION.messageType) !== MESSAGE.OFFER) return false
  return chaddr.length === 6 && macFromBytes(chaddr) === mac
}
