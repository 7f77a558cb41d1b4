import { latin1 } from '../net/bytes.ts'
import { type Ipv4, isIpv4, UNSPECIFIED } from '../net/ipv4.ts'
import { OptionList } from '../net/options/option-list.ts'
import { IPXE, OPTION, PXE } from '../net/options/table.ts'
import type { BootAnswer, Grant, Information } from './allocator.ts'
import { BOOTREPLY, BROADCAST_FLAG, type Packet } from './codec.ts'
import { fitted } from './fit.ts'
import { entry, MESSAGE, readIfValid } from './options.ts'
import { ReplyValues } from './reply-values.ts'

/** The field has 128 bytes, the last of which is zero. A longer name is told by option 67 alone. */
const LONGEST_FILE = 127

/** PXE 2.1, table 2-1, PXE_DISCOVERY_CONTROL: load the file that this packet names; no discovery, no menu. */
const USE_BOOT_FILE = entry(OPTION.pxe, new Map([entry(PXE.discoveryControl, 8)]))

/** It has its boot file already: otherwise iPXE waits three seconds for another server's. */
const NO_PROXY_DHCP = entry(OPTION.ipxe, new Map([entry(IPXE.noProxyDhcp, 1)]))

/** At the beginning of every reply, in this order: the mask must come before the routers (RFC 2132, section 3.3). */
const FIRST = codesOf(OPTION.messageType, OPTION.serverId, OPTION.subnetMask)
/** Told back as the client sent them: RFC 6842, RFC 3011, PXE 2.1. */
const ECHOED = codesOf(OPTION.clientId, OPTION.subnetSelection, OPTION.machineId)
/** Told also to clients that don't ask for them: what they need to use the lease and to boot. Firmware leaves boot options out of its list and takes them all the same. */
const ALWAYS_TOLD = codesOf(
  ...[OPTION.messageType, OPTION.serverId, OPTION.subnetMask, OPTION.leaseTime, OPTION.renewalTime],
  ...[OPTION.rebindingTime, OPTION.clientId, OPTION.subnetSelection, OPTION.vendorOptions, OPTION.vendorClass],
  ...[OPTION.tftpServer, OPTION.bootFile, OPTION.ipxe],
  ...[OPTION.pxelinuxMagic, OPTION.configFile, OPTION.pathPrefix, OPTION.rebootTime]
)
/** From here on codes are a site's own (RFC 3942): they were set for somebody. */
const FIRST_OF_SITE = 224

const MOST_REMEMBERED = 100

const values = new ReplyValues()

const messageTypeOf = remembered((type: number) => entry(OPTION.messageType, type))
const serverIdOf = remembered((address: Ipv4) => entry(OPTION.serverId, address))
/** @param leaseTime seconds. */
const timesOf = remembered((leaseTime: number) => [
  entry(OPTION.leaseTime, leaseTime),
  entry(OPTION.renewalTime, Math.floor(leaseTime / 2)),
  entry(OPTION.rebindingTime, Math.floor((leaseTime * 7) / 8))
])

/** What is the same in many replies is made once. There are few servers and lengths of leases. */
function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>()
  return (key) => {
    const made = known.get(key)
    if (made !== undefined) return made
    const value = make(key)
    if (known.size < MOST_REMEMBERED) known.set(key, value)
    return value
  }
}

function isAlwaysTold(code: number): boolean {
  return code >= FIRST_OF_SITE || ALWAYS_TOLD.includes(code)
}

function codesOf(...options: readonly { readonly code: number }[]): readonly number[] {
  return options.map(({ code }) => code)
}

/** An OFFER or ACK of a lease. */
export function grantReply(request: Packet, message: 'OFFER' | 'ACK', grant: Grant, serverId: Ipv4): Packet {
  return reply(request, MESSAGE[message], serverId, grant, timesOf(grant.leaseTime), {
    ciaddr: message === 'ACK' ? request.ciaddr : UNSPECIFIED,
    yiaddr: grant.address
  })
}

/** The ACK to an INFORM: no address and no lease (RFC 2131, section 4.3.5). */
export function informReply(request: Packet, information: Information, serverId: Ipv4): Packet {
  return reply(request, MESSAGE.ACK, serverId, information, [], { ciaddr: request.ciaddr, yiaddr: UNSPECIFIED })
}

/** A BOOTREPLY (RFC 951): its client knows none of DHCP's own options. */
export function bootpReply(request: Packet, grant: Grant): Packet {
  return reply(request, undefined, undefined, grant, [], { ciaddr: request.ciaddr, yiaddr: grant.address })
}

/**
 * A NAK, RFC 2131's table 3. Through a relay agent it has the broadcast flag, as the client might
 * not have the address that the agent would send it to (section 4.3.2).
 * @param reason for the client's log.
 */
export function refusalReply(request: Packet, reason: string, serverId: Ipv4): Packet {
  const relayed = request.giaddr !== UNSPECIFIED
  const clientId = request.options.get(OPTION.clientId.code)
  const options = new OptionList()
    .set(...entry(OPTION.messageType, MESSAGE.NAK))
    .set(...entry(OPTION.serverId, serverId))
    .set(...entry(OPTION.message, reason))
  if (clientId !== undefined) options.set(OPTION.clientId.code, clientId)
  return {
    ...request,
    op: BOOTREPLY,
    hops: 0,
    secs: 0,
    flags: relayed ? request.flags | BROADCAST_FLAG : request.flags,
    ciaddr: UNSPECIFIED,
    yiaddr: UNSPECIFIED,
    siaddr: UNSPECIFIED,
    sname: '',
    file: '',
    options: fitted(request, options, isAlwaysTold)
  }
}

/**
 * What an administrator configured goes before what follows from the firmware, which goes before the
 * rest. Order: message type, server, mask (which must come before the routers: RFC 2132, 3.3), then
 * as the client lists (option 55), then what it didn't list but is told always; without a list, all.
 */
function reply(
  request: Packet,
  message: number | undefined,
  serverId: Ipv4 | undefined,
  { options, hostName, boot }: Information,
  lease: readonly (readonly [number, Uint8Array])[],
  addresses: Pick<Packet, 'ciaddr' | 'yiaddr'>
): Packet {
  values.clear()
  if (message !== undefined) set(messageTypeOf(message))
  if (serverId !== undefined) set(serverIdOf(serverId))
  values.set(OPTION.subnetMask.code, options.get(OPTION.subnetMask.code) ?? null)
  for (const each of lease) set(each)
  if (boot !== undefined) for (const each of bootEntries(request, boot)) set(each)
  if (hostName !== undefined) set(entry(OPTION.hostName, hostName))
  for (const code of ECHOED) {
    const value = request.options.get(code)
    if (value !== undefined) values.set(code, value)
  }
  options.forEach((value, code) => {
    values.set(code, value)
  })

  const name = values.get(OPTION.bootFile.code)
  const file = name ? latin1(name) : ''
  return {
    op: BOOTREPLY,
    htype: request.htype,
    hops: 0,
    xid: request.xid,
    secs: 0,
    flags: request.flags,
    ciaddr: addresses.ciaddr,
    yiaddr: addresses.yiaddr,
    siaddr: nextServer(options) ?? boot?.server ?? UNSPECIFIED,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: '',
    file: file.length <= LONGEST_FILE ? file : '',
    // A BOOTP client finds all that it needs in the fields.
    options: fitted(request, ordered(request), message === undefined ? () => false : isAlwaysTold)
  }
}

/** Firmware loads from siaddr, whatever option 66 says: one that an administrator set goes for both. */
function nextServer(options: Information['options']): Ipv4 | undefined {
  const name = options.get(OPTION.tftpServer.code)
  const text = name ? OPTION.tftpServer.kind.read(name) : undefined
  return text !== undefined && isIpv4(text) ? text : undefined
}

function set([code, value]: readonly [number, Uint8Array]): void {
  values.set(code, value)
}

function bootEntries(request: Packet, boot: BootAnswer): (readonly [number, Uint8Array])[] {
  switch (boot.kind) {
    case 'tftp':
      return [entry(OPTION.tftpServer, boot.server), entry(OPTION.bootFile, boot.file), ...pxeEntries(request)]
    case 'http':
      // Without it UEFI's HTTP Boot takes no notice of the offer.
      return [entry(OPTION.vendorClass, 'HTTPClient'), entry(OPTION.bootFile, boot.url)]
    case 'script':
      return [NO_PROXY_DHCP, entry(OPTION.bootFile, boot.url)]
  }
}

/**
 * What PXE 2.1 (section 2.2) wants in an offer to its clients. The class must not go alone: EDK2, like
 * Intel's ROMs, then asks the server's port 4011 which file to load, and gives up when nobody answers.
 */
function pxeEntries(request: Packet): (readonly [number, Uint8Array])[] {
  if (!readIfValid(request.options, OPTION.vendorClass)?.startsWith('PXEClient')) return []
  return [entry(OPTION.vendorClass, 'PXEClient'), USE_BOOT_FILE]
}

function ordered(request: Packet): OptionList {
  // Codes of one byte each: every client lists some twenty.
  const wanted = request.options.get(OPTION.parameters.code)
  return values.ordered(FIRST, wanted?.length === 0 ? undefined : wanted, (code) => isTold(request, code))
}

/** PXE clients are told their machine id back whatever they list (PXE 2.1, table 2-2). */
function isTold(request: Packet, code: number): boolean {
  return isAlwaysTold(code) || (code === OPTION.machineId.code && request.options.has(OPTION.architectures.code))
}
