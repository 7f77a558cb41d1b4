import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import { OPTION, PXE } from '../net/options/table.ts'
import type { Information } from './allocator.ts'
import { BROADCAST_FLAG, type Packet } from './codec.ts'
import { entry, MESSAGE, readIfValid } from './options.ts'
import { informReply } from './respond.ts'

/** How a PXE client comes from a ProxyDHCP offer to its boot file. */
export type Way =
  /** The offer names it. */
  | 'offer'
  /** It asks the boot server, at port 4011. */
  | 'boot-server'

/** Of what an administrator set, what is about booting: the rest goes with the address, which is another server's. */
const ABOUT_BOOTING: ReadonlySet<number> = new Set(
  [
    ...[OPTION.bootSize, OPTION.rootPath, OPTION.vendorOptions, OPTION.vendorClass, OPTION.tftpServer],
    ...[OPTION.bootFile, OPTION.tftpServerAddresses, OPTION.ipxe, OPTION.iscsiInitiator],
    ...[OPTION.pxelinuxMagic, OPTION.configFile, OPTION.pathPrefix, OPTION.rebootTime]
  ].map(({ code }) => code)
)

/** PXE 2.1, table 2-1, PXE_DISCOVERY_CONTROL: load the file that this packet names; no discovery, no menu. */
const USE_BOOT_FILE = entry(OPTION.pxe, new Map([entry(PXE.discoveryControl, 8)]))
const PXE_CLIENT = entry(OPTION.vendorClass, 'PXEClient')
const WITHOUT_PXE_OPTIONS = [OPTION.vendorOptions.code, null] as const
const WITHOUT_BOOT_FILE = [OPTION.bootFile.code, null] as const
/** Its word that there is no ProxyDHCP server isn't for one to say. */
const WITHOUT_IPXE_OPTIONS = [OPTION.ipxe.code, null] as const

type OptionEntry = readonly [number, Uint8Array | null]

/**
 * An OFFER without an address (PXE 2.1, section 2.2), for all to hear: a relay agent couldn't send it to
 * an address that the client hasn't got.
 */
export function proxyOffer(request: Packet, advice: Information, serverId: Ipv4, way: Way): Packet {
  const set = configured(advice)
  if (way === 'boot-server') set.delete(OPTION.bootFile.code)
  const options = new Map([...offerOptions(advice, way), ...set])
  const offer = informReply(request, { boot: advice.boot, reasons: advice.reasons, options }, serverId)
  return {
    ...offer,
    flags: request.flags | BROADCAST_FLAG,
    ciaddr: UNSPECIFIED,
    options: new Map([...offer.options, entry(OPTION.messageType, MESSAGE.OFFER)])
  }
}

/** A boot server's ACK: the boot file for a client that has its address, with the item that it chose from a menu. */
export function bootServerAck(request: Packet, { boot, reasons, ...advice }: Information, serverId: Ipv4): Packet {
  const item = bootItemOf(request)
  const chosen = item && entry(OPTION.pxe, new Map([entry(PXE.bootItem, item)]))
  const options = new Map([PXE_CLIENT, WITHOUT_PXE_OPTIONS, ...configured(advice), ...(chosen ? [chosen] : [])])
  return informReply(request, { boot, reasons, options }, serverId)
}

/** What a client chose from a boot menu (PXE 2.1, PXE_BOOT_ITEM), another server's: here there is none. */
export function bootItemOf({ options }: Packet): { readonly type: number; readonly layer: number } | undefined {
  const vendorOptions = readIfValid(options, OPTION.pxe)
  return vendorOptions && readIfValid(vendorOptions, PXE.bootItem)
}

function offerOptions({ boot }: Information, way: Way): OptionEntry[] {
  switch (boot?.kind) {
    case 'tftp':
      return way === 'offer' ? [PXE_CLIENT, USE_BOOT_FILE] : [PXE_CLIENT, WITHOUT_PXE_OPTIONS, WITHOUT_BOOT_FILE]
    // iPXE takes only a PXE server's offer for one of ProxyDHCP, whatever it boots.
    case 'script':
      return [PXE_CLIENT, WITHOUT_IPXE_OPTIONS]
    default:
      return []
  }
}

/** What an administrator set, as far as it is about booting. */
function configured({ options }: Pick<Information, 'options'>): Map<number, Uint8Array | null> {
  return new Map(Array.from(options).filter(([code]) => ABOUT_BOOTING.has(code)))
}
