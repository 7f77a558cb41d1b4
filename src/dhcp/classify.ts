import { type Firmware, type FirmwareName, firmwareByArchitecture, firmwareByName } from '../net/firmware.ts'
import type { Options } from '../net/options/kinds.ts'
import { OPTION } from '../net/options/table.ts'
import { readIfValid } from './options.ts'

/** What a packet's options tell of the client's kind. Those that aren't of their own kind tell nothing. */
export type Traits = {
  /** Types of option 93, the client's favourite first. */
  readonly architectures: readonly number[]
  /** Option 60. */
  readonly vendorClass: string | undefined
  /** Option 77's. */
  readonly userClasses: readonly string[]
  /** Whether it sends iPXE's own option 175. */
  readonly hasIpxeOptions: boolean
}

/** One processor's firmware, as it is called by what it fetches its loader with. */
const TRANSPORTS: readonly { tftp: FirmwareName; http: FirmwareName }[] = [
  { tftp: 'uefi-x64', http: 'uefi-http' },
  { tftp: 'uefi-arm64', http: 'uefi-http-arm64' }
]

const NONE: readonly never[] = []

export function traitsOf(options: Options): Traits {
  const vendorClass = readIfValid(options, OPTION.vendorClass)
  return {
    architectures: architecturesOf(options, vendorClass),
    vendorClass,
    userClasses: readIfValid(options, OPTION.userClass) ?? NONE,
    hasIpxeOptions: options.has(OPTION.ipxe.code)
  }
}

/**
 * Which kind of client it is. iPXE comes first: it also sends what the firmware below it sends, and
 * would load itself for ever if it were taken for that; its own option tells it apart where a script has
 * changed the user class.
 */
export function firmwareOf({ architectures, vendorClass = '', userClasses, hasIpxeOptions }: Traits): Firmware {
  if (hasIpxeOptions || userClasses.includes('iPXE')) return firmwareByName('ipxe')
  if (architectures.length === 0) return firmwareByName(/^(PXE|HTTP)Client/.test(vendorClass) ? 'unsupported' : 'os')
  const supported = architectures.map(firmwareByArchitecture).find(({ name }) => name !== 'unsupported')
  return supported ? byTransport(supported, vendorClass) : firmwareByName('unsupported')
}

/**
 * PXE 2.1 also puts the architecture into the class, `PXEClient:Arch:00007:UNDI:003010`: the last
 * resort for a client without option 93.
 */
function architecturesOf(options: Options, vendorClass: string | undefined): readonly number[] {
  const listed = readIfValid(options, OPTION.architectures)
  if (listed !== undefined) return listed
  const match = vendorClass === undefined ? null : /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(vendorClass)
  return match === null ? NONE : [Number(match[1])]
}

/** The class says how the loader is fetched (`HTTPClient`, `PXEClient`), the architecture for which processor. */
function byTransport(firmware: Firmware, vendorClass: string): Firmware {
  const either = TRANSPORTS.find(({ tftp, http }) => tftp === firmware.name || http === firmware.name)
  if (either && vendorClass.startsWith('HTTPClient')) return firmwareByName(either.http)
  if (either && vendorClass.startsWith('PXEClient')) return firmwareByName(either.tftp)
  return firmware
}
