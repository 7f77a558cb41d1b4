import type { Network } from './network.ts'
import { NFT } from './plain-pxe.ts'

/** One packet in so many of each direction. */
const SHARE = 20

/**
 * From now on a segment loses packets of TFTP transfers, those between two high UDP ports: each 20th that comes from a
 * machine, and each 20th that goes to one. A bridge loses them as a network does: the sender isn't told.
 */
export async function losePackets(network: Network): Promise<void> {
  const lose = (at: 'input' | 'output', device: 'iifname' | 'oifname') => `
      chain ${at} {
        type filter hook ${at} priority 0;
        ${device} "${network.bridge}tap*" udp sport >= 1024 udp dport >= 1024 numgen inc mod ${SHARE} ${SHARE - 1} counter name lost-${at} drop
      }`
  await network.run([
    NFT,
    `table bridge loss {
      counter lost-input {}
      counter lost-output {}
      ${lose('input', 'iifname')}
      ${lose('output', 'oifname')}
    }`
  ])
}

/** Packets lost so far: from machines, and to them. */
export async function lostPackets(network: Network): Promise<{ from: number; to: number }> {
  const { nftables } = JSON.parse(await network.run([NFT, '--json', 'list', 'counters'])) as { nftables: Listed[] }
  const count = (name: string) => nftables.find(({ counter }) => counter?.name === name)?.counter?.packets ?? 0
  return { from: count('lost-input'), to: count('lost-output') }
}

type Listed = { counter?: { name: string; packets: number } }
