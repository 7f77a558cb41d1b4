import { ipv4 } from './addresses.ts'
import { counted, list, record, sequence } from './composites.ts'
import { uint8, uint16 } from './numbers.ts'
import { option } from './option.ts'
import { OptionSpace } from './space.ts'
import { subOptions } from './sub-options.ts'
import { text } from './text.ts'

/** Boot servers of a type; without addresses, any that answers a broadcast. */
const bootServers = sequence(
  record({ type: uint16, addresses: counted(list(ipv4, 0), ipv4.size) }),
  (rest) => 3 + ipv4.size * countOf(rest)
)

/** A line of the menu: the type of boot servers that it leads to; 0 is the local disk. */
const bootMenu = sequence(record({ type: uint16, text: counted(text) }), (rest) => 3 + countOf(rest))

function countOf(rest: Uint8Array): number {
  return rest[2] ?? 0
}

/** Sub-options that option 43 has for PXE clients (PXE 2.1, table 2-1). */
export const PXE = {
  /** Bits: 1 no broadcast discovery, 2 no multicast, 4 only the listed servers, 8 just load the boot file. */
  discoveryControl: option(6, 'discovery-control', uint8, 'PXE 2.1, table 2-1'),
  multicastAddress: option(7, 'multicast-address', ipv4, 'PXE 2.1, table 2-1'),
  bootServers: option(8, 'boot-servers', bootServers, 'PXE 2.1, table 2-1'),
  bootMenu: option(9, 'boot-menu', bootMenu, 'PXE 2.1, table 2-1'),
  /** Seconds; 0 takes the menu's first line at once, 255 shows the menu and waits. */
  menuPrompt: option(10, 'menu-prompt', record({ timeout: uint8, text }), 'PXE 2.1, table 2-1'),
  /** What was chosen from the menu. */
  bootItem: option(71, 'boot-item', record({ type: uint16, layer: uint16 }), 'PXE 2.1, table 2-1')
} as const

export const pxeOptions = subOptions(new OptionSpace(Object.values(PXE)), 'always')
