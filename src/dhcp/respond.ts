import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import { IPXE, OPTION, type Option } from '../net/options/table.ts'
import type { BootAnswer, Grant } from './allocator.ts'
import { BOOTREPLY, BROADCAST_FLAG, type Packet } from './codec.ts'
import { entry, MESSAGE, readIfValid } from './options.ts'

type Entries = readonly (readonly [number, Uint8Array])[]

/** What a boot answer adds to a reply. */
type BootPart = { readonly siaddr: Ipv4; readonly file: string; readonly entries: Entries }

/** The field has 128 bytes, the last of which is zero. A longer name is told by option 67 alone. */
const LONGEST_FILE = 127

/** PXE 2.1, table 2-1, PXE_DISCOVERY_CONTROL: load the file that this packet names; no discovery, no menu. */
const USE_BOOT_FILE = Uint8Array.of(6, 1, 8, 255)

/**
 * An OFFER or ACK. What a client needs to use the lease and to boot is always told, the rest if it
 * asks for it (option 55) or doesn't say what it wants. Order: message type, server, mask (which
 * must come before the routers: RFC 2132, 3.3), then as the client lists, then what it didn't list.
 */
export function grantReply(request: Packet, message: 'OFFER' | 'ACK', grant: Grant, serverId: Ipv4): Packet {
  const boot = bootPart(request, grant.boot)
  const always: Entries = [
    entry(OPTION.messageType, MESSAGE[message]),
    entry(OPTION.serverId, serverId),
    entry(OPTION.subnetMask, grant.mask),
    entry(OPTION.leaseTime, grant.leaseTime),
    entry(OPTION.renewalTime, Math.floor(grant.leaseTime / 2)),
    entry(OPTION.rebindingTime, Math.floor((grant.leaseTime * 7) / 8)),
    ...boot.entries,
    ...echoed(request, OPTION.clientId)
  ]
  const onRequest: Entries = [
    ...listed(OPTION.routers, grant.routers),
    ...listed(OPTION.dnsServers, grant.dnsServers),
    ...given(OPTION.hostName, grant.hostName),
    ...given(OPTION.domain, grant.domain),
    entry(OPTION.broadcast, grant.broadcast),
    ...listed(OPTION.ntpServers, grant.ntpServers),
    ...echoed(request, OPTION.machineId)
  ]
  return {
    ...replyTo(request),
    flags: request.flags,
    ciaddr: message === 'ACK' ? request.ciaddr : UNSPECIFIED,
    yiaddr: grant.address,
    siaddr: boot.siaddr,
    file: boot.file,
    options: new Map([...ordered(request, always, onRequest), ...echoed(request, OPTION.relayAgent)])
  }
}

/**
 * A NAK, RFC 2131's table 3. Through a relay agent it has the broadcast flag, as the client might
 * not have the address that the agent would send it to (section 4.3.2).
 * @param reason for the client's log.
 */
export function refusalReply(request: Packet, reason: string, serverId: Ipv4): Packet {
  const relayed = request.giaddr !== UNSPECIFIED
  return {
    ...replyTo(request),
    flags: relayed ? request.flags | BROADCAST_FLAG : request.flags,
    options: new Map([
      entry(OPTION.messageType, MESSAGE.NAK),
      entry(OPTION.serverId, serverId),
      entry(OPTION.message, reason),
      ...echoed(request, OPTION.clientId),
      ...echoed(request, OPTION.relayAgent)
    ])
  }
}

/** The fields that all replies have alike. */
function replyTo(request: Packet): Packet {
  return {
    ...request,
    op: BOOTREPLY,
    hops: 0,
    secs: 0,
    ciaddr: UNSPECIFIED,
    yiaddr: UNSPECIFIED,
    siaddr: UNSPECIFIED,
    sname: '',
    file: '',
    options: new Map()
  }
}

function bootPart(request: Packet, boot: BootAnswer | undefined): BootPart {
  if (boot === undefined) return { siaddr: UNSPECIFIED, file: '', entries: [] }
  const name = boot.kind === 'tftp' ? boot.file : boot.url
  return {
    siaddr: boot.server,
    file: name.length <= LONGEST_FILE ? name : '',
    entries: [...firmwareEntries(request, boot), entry(OPTION.bootFile, name)]
  }
}

function firmwareEntries(request: Packet, boot: BootAnswer): Entries {
  switch (boot.kind) {
    case 'tftp':
      return [entry(OPTION.tftpServer, boot.server), ...pxeEntries(request)]
    case 'http':
      // Without it UEFI's HTTP Boot takes no notice of the offer.
      return [entry(OPTION.vendorClass, 'HTTPClient')]
    case 'script':
      return [entry(OPTION.ipxe, new Map([entry(IPXE.noProxyDhcp, 1)]))]
  }
}

/**
 * What PXE 2.1 (section 2.2) wants in an offer to its clients. The class must not go alone: EDK2, like
 * Intel's ROMs, then asks the server's port 4011 which file to load, and gives up when nobody answers.
 */
function pxeEntries(request: Packet): Entries {
  if (!readIfValid(request.options, OPTION.vendorClass)?.startsWith('PXEClient')) return []
  return [
    entry(OPTION.vendorClass, 'PXEClient'),
    entry(OPTION.vendorOptions, USE_BOOT_FILE),
    ...echoed(request, OPTION.machineId)
  ]
}

function ordered(request: Packet, always: Entries, onRequest: Entries): Entries {
  const wanted = readIfValid(request.options, OPTION.parameters)
  const known = new Map([...always, ...onRequest])
  const told = new Set([...always.map(([code]) => code), ...(wanted ?? known.keys())])
  const { messageType, serverId, subnetMask } = OPTION
  const order = new Set([messageType.code, serverId.code, subnetMask.code, ...(wanted ?? []), ...known.keys()])
  return Array.from(order).flatMap((code) => {
    const value = known.get(code)
    return value !== undefined && told.has(code) ? [[code, value] as const] : []
  })
}

/** The option as the client or its relay agent sent it: RFC 6842 (61), RFC 3046 (82), PXE 2.1 (97). */
function echoed(request: Packet, { code }: Option<unknown>): Entries {
  const value = request.options.get(code)
  return value === undefined ? [] : [[code, value]]
}

/** Lists have at least one entry (RFC 2132). */
function listed(option: Option<readonly Ipv4[]>, addresses: readonly Ipv4[]): Entries {
  return addresses.length === 0 ? [] : [entry(option, addresses)]
}

function given(option: Option<string>, value: string | undefined): Entries {
  return value === undefined ? [] : [entry(option, value)]
}
