import type { FirmwareName } from '../../net/firmware.ts'

/** How a real firmware asks, from captures: what its DHCP, TFTP and HTTP requests say. */
export type Profile = {
  readonly firmware: FirmwareName
  /** Option 93 and option 60. */
  readonly architecture: number
  readonly vendorClass: string
  /** The TFTP requests for a loader, in order; `probe` ones only learn the size and end with ERROR 8. */
  readonly tftp: readonly { probe: boolean; options: Record<string, number> }[]
  readonly platform: 'efi' | 'pcbios'
  readonly buildarch: string
}

const BIOS_TFTP = [
  { probe: true, options: { tsize: 0 } },
  { probe: false, options: { blksize: 1456 } }
] as const
const EDK2_TFTP = [
  { probe: true, options: { tsize: 0, blksize: 1468, windowsize: 4 } },
  { probe: false, options: { blksize: 1468, windowsize: 4 } }
] as const

export const PROFILES: readonly Profile[] = [
  {
    firmware: 'bios',
    architecture: 0,
    vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
    tftp: BIOS_TFTP,
    platform: 'pcbios',
    buildarch: 'i386'
  },
  {
    firmware: 'uefi-x64',
    architecture: 7,
    vendorClass: 'PXEClient:Arch:00007:UNDI:003000',
    tftp: EDK2_TFTP,
    platform: 'efi',
    buildarch: 'x86_64'
  },
  {
    firmware: 'uefi-arm64',
    architecture: 11,
    vendorClass: 'PXEClient:Arch:00011:UNDI:003000',
    tftp: EDK2_TFTP,
    platform: 'efi',
    buildarch: 'arm64'
  },
  {
    firmware: 'uefi-http',
    architecture: 16,
    vendorClass: 'HTTPClient:Arch:00016:UNDI:003000',
    tftp: [],
    platform: 'efi',
    buildarch: 'x86_64'
  },
  {
    firmware: 'uefi-http-arm64',
    architecture: 19,
    vendorClass: 'HTTPClient:Arch:00019:UNDI:003000',
    tftp: [],
    platform: 'efi',
    buildarch: 'arm64'
  },
  {
    firmware: 'ipxe',
    architecture: 0,
    vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
    tftp: [],
    platform: 'pcbios',
    buildarch: 'i386'
  }
]
