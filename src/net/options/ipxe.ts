import { bytes } from './hex.ts'
import { int8, uint8 } from './numbers.ts'
import { option } from './option.ts'
import { OptionSpace } from './space.ts'
import { subOptions } from './sub-options.ts'
import { text } from './text.ts'

const TOLD_BY_IPXE = 'iPXE tells it of itself'

/** iPXE's settings inside of option 175 (ipxe.org/cfg; its source: include/ipxe/dhcp.h). */
export const IPXE = {
  priority: option(0x01, 'priority', int8, 'ipxe.org/cfg/priority'),
  keepSan: option(0x08, 'keep-san', uint8, 'ipxe.org/cfg/keep-san'),
  skipSanBoot: option(0x09, 'skip-san-boot', uint8, 'ipxe.org/cfg/skip-san-boot'),
  scriptlet: option(0x51, 'scriptlet', text, 'ipxe.org/cfg/scriptlet'),
  syslogs: option(0x55, 'syslogs', text, 'ipxe.org/cfg/syslogs'),
  trust: option(0x5a, 'trust', bytes, 'ipxe.org/cfg/trust'),
  crossCertificates: option(0x5d, 'crosscert', text, 'ipxe.org/cfg/crosscert'),
  noProxyDhcp: option(0xb0, 'no-pxedhcp', uint8, 'ipxe.org/cfg/no-pxedhcp'),
  busId: option(0xb1, 'bus-id', bytes, 'ipxe.org/cfg/busid', TOLD_BY_IPXE),
  useCached: option(0xb2, 'use-cached', uint8, 'ipxe.org/cfg/use-cached'),
  sanDrive: option(0xbd, 'san-drive', uint8, 'ipxe.org/cfg/san-drive'),
  version: option(0xeb, 'version', bytes, 'ipxe.org/cfg/version', TOLD_BY_IPXE)
} as const

/** What iPXE was built with, each with a version of its own (its source: include/ipxe/features.h). */
const FEATURES = Object.entries({
  'pxe-ext': 0x10,
  iscsi: 0x11,
  aoe: 0x12,
  http: 0x13,
  https: 0x14,
  tftp: 0x15,
  ftp: 0x16,
  dns: 0x17,
  bzimage: 0x18,
  multiboot: 0x19,
  slam: 0x1a,
  srp: 0x1b,
  nbi: 0x20,
  pxe: 0x21,
  elf: 0x22,
  comboot: 0x23,
  efi: 0x24,
  fcoe: 0x25,
  vlan: 0x26,
  menu: 0x27,
  sdi: 0x28,
  nfs: 0x29
}).map(([name, code]) => option(code, name, uint8, 'iPXE, include/ipxe/features.h', TOLD_BY_IPXE))

export const ipxeOptions = subOptions(new OptionSpace([...Object.values(IPXE), ...FEATURES]), 'either')
