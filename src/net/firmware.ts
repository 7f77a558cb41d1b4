/**
 * The kinds of client that ask for a boot file, as options 93, 60, 77 and 175 tell them apart.
 * `ipxe` is iPXE itself, whatever loaded it; `os` is anything that names no architecture: an
 * installer, an operating system; `unsupported` names one that Tandem has no loader for.
 */
export type FirmwareName =
  | 'bios'
  | 'uefi-x64'
  | 'uefi-arm64'
  | 'uefi-http'
  | 'uefi-http-arm64'
  | 'ipxe'
  | 'os'
  | 'unsupported'

/** A loader that Tandem sends to a firmware, and where Debian has it. */
export type Loader = {
  file: string
  package: string
  /** Named to a firmware only where the folder has it. */
  optional?: true
}

export type Firmware = {
  readonly name: FirmwareName
  /** Processor architecture types of option 93 (RFC 4578, section 2.1, and the IANA registry). */
  readonly architectures: readonly number[]
  readonly loader?: Loader
}

const UNDIONLY: Loader = { file: 'undionly.kpxe', package: 'ipxe' }
/**
 * iPXE for the one card that it was loaded from. Debian's ipxe.efi never comes back to OVMF from a virtio card;
 * this one does (docs/decisions/004).
 */
export const SNPONLY: Loader = { file: 'snponly.efi', package: 'ipxe' }
const IPXE_EFI: Loader = { file: 'ipxe.efi', package: 'ipxe' }
/** Debian's shim, which Secure Boot accepts and which loads Debian's signed GRUB from beside it. */
export const SHIM: Loader = { file: 'grub/shimx64.efi', package: 'debian-installer-12-netboot-amd64' }
/** Debian 12 has no build for arm64; a configured folder may hold one under this name. */
const IPXE_ARM64: Loader = { file: 'ipxe-arm64.efi', package: 'ipxe (an arm64 build)', optional: true }

/**
 * Architecture 7 is what the RFC's erratum made of EFI byte code and x64 alike: real x64 firmware
 * sends 7, some sends 9. 16 and 19 are UEFI HTTP Boot.
 */
export const FIRMWARE: readonly Firmware[] = [
  { name: 'bios', architectures: [0], loader: UNDIONLY },
  { name: 'uefi-x64', architectures: [7, 9], loader: IPXE_EFI },
  { name: 'uefi-arm64', architectures: [11], loader: IPXE_ARM64 },
  { name: 'uefi-http', architectures: [16], loader: IPXE_EFI },
  { name: 'uefi-http-arm64', architectures: [19], loader: IPXE_ARM64 },
  { name: 'ipxe', architectures: [] },
  { name: 'os', architectures: [] },
  { name: 'unsupported', architectures: [] }
]

export const FIRMWARE_NAMES: readonly FirmwareName[] = FIRMWARE.map((firmware) => firmware.name)

export function firmwareByName(name: FirmwareName): Firmware {
  return FIRMWARE.find((firmware) => firmware.name === name) as Firmware
}

export function firmwareByArchitecture(type: number): Firmware {
  return FIRMWARE.find((firmware) => firmware.architectures.includes(type)) ?? firmwareByName('unsupported')
}
