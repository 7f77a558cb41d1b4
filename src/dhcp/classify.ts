import { type Firmware, type FirmwareName, firmwareByArchitecture, firmwareByName } from '../net/firmware.ts'
import type { Options } from '../net/options/kinds.ts'
import { OPTION } from '../net/options/table.ts'
import { readIfValid } from './options.ts'

/** One processor's firmware, as it is called by what it fetches its loader with. */
const TRANSPORTS: readonly { tftp: FirmwareName; http: FirmwareName }[] = [
  { tftp: 'uefi-x64', http: 'uefi-http' },
  { tftp: 'uefi-arm64', http: 'uefi-http-arm64' }
]

/**
 * Which kind of client a packet's options tell of. iPXE comes first: it also sends what the
 * firmware below it sends, and would load itself for ever if it were taken for that. Options that
 * aren't of their kind tell nothing.
 */
export function classify(options: Options): Firmware {
  if (isIpxe(options)) return firmwareByName('ipxe')
  const vendorClass = readIfValid(options, OPTION.vendorClass) ?? ''
  const named = architecturesOf(options)
  if (named.length === 0) return firmwareByName(/^(PXE|HTTP)Client/.test(vendorClass) ? 'unsupported' : 'os')
  const supported = named.map(firmwareByArchitecture).find(({ name }) => name !== 'unsupported')
  return supported ? byTransport(supported, vendorClass) : firmwareByName('unsupported')
}

/**
 * Types of option 93, the client's favourite first. PXE 2.1 also puts one into the class,
 * `PXEClient:Arch:00007:UNDI:003010`: the last resort for a client without option 93.
 */
export function architecturesOf(options: Options): readonly number[] {
  const listed = readIfValid(options, OPTION.architectures)
  if (listed) return listed
  const match = /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(readIfValid(options, OPTION.vendorClass) ?? '')
  return match ? [Number(match[1])] : []
}

/**
 * iPXE's user class is `iPXE` without RFC 3004's length byte; with one where an administrator set
 * it so. Its own option 175 tells it apart where a script has changed the class.
 */
function isIpxe(options: Options): boolean {
  if (options.has(OPTION.ipxe.code)) return true
  const userClass = Buffer.from(options.get(OPTION.userClass.code) ?? []).toString('latin1')
  return userClass === 'iPXE' || userClasses(userClass).includes('iPXE')
}

/** RFC 3004: classes, each after a byte that tells its length. */
function userClasses(value: string): string[] {
  const classes: string[] = []
  for (let at = 0; at < value.length; at += 1 + value.charCodeAt(at)) {
    classes.push(value.slice(at + 1, at + 1 + value.charCodeAt(at)))
  }
  return classes
}

/** The class says how the loader is fetched (`HTTPClient`, `PXEClient`), the architecture for which processor. */
function byTransport(firmware: Firmware, vendorClass: string): Firmware {
  const either = TRANSPORTS.find(({ tftp, http }) => tftp === firmware.name || http === firmware.name)
  if (either && vendorClass.startsWith('HTTPClient')) return firmwareByName(either.http)
  if (either && vendorClass.startsWith('PXEClient')) return firmwareByName(either.tftp)
  return firmware
}
