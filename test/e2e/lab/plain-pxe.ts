import type { Network } from './network.ts'

/** By its path: npm puts first in PATH the programs of packages, among them another nft. */
export const NFT = '/usr/sbin/nft'

/** Where QEMU's BIOS ROM (virtio-net) puts the codes of the two options that give it away as iPXE: bytes after the UDP header. */
const CODES = [
  { option: 77, at: 8 + 290 },
  { option: 175, at: 8 + 321 }
]

/**
 * Makes the BIOS ROM of the machine behind a tap device look like a vendor's plain PXE until it has asked for its
 * loader by TFTP. No other ROM can be had: QEMU's is iPXE, and says so in DHCP options 77 and 175. On the way in both
 * become private options that mean nothing (RFC 3942: 224 and 225). The loader, iPXE itself, is let through as it is.
 */
export async function disguiseAsPlainPxe(network: Network, port: string): Promise<void> {
  const hide = CODES.map(({ option, at }, index) => {
    const byte = `@th,${at * 8},8`
    // A UDP checksum of zero: none was computed (RFC 768).
    return `udp dport 67 ether saddr != @loaded ${byte} ${option} ${byte} set ${224 + index} udp checksum set 0`
  })
  const table = `netdev disguise-${port}`
  // Declared, deleted and made anew, so that each power-on starts with no loader loaded.
  const rules = `
    table ${table} {}
    delete table ${table}
    table ${table} {
      set loaded { type ether_addr; flags dynamic; }
      chain arriving {
        type filter hook ingress device ${port} priority 0;
        udp dport 69 add @loaded { ether saddr }
        ${hide.join('\n        ')}
      }
    }`
  await network.run([NFT, rules])
}
