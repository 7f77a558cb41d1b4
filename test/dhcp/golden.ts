import { readdirSync, readFileSync } from 'node:fs'
import { packetText } from '../../src/dhcp/text.ts'
import { udpDatagrams } from './pcap.ts'
import { VECTORS } from './vectors.ts'

export const CAPTURES = 'test/vectors/captures'
/** Servers and relay agents, clients, and PXE's boot servers. */
const DHCP_PORTS = [67, 68, 4011]

/** A DHCP packet of the vectors, and what its golden text is headed by. */
export type GoldenPacket = { readonly title: string; readonly payload: Uint8Array }

/** All DHCP packets of each capture, in order. */
const CAPTURED: ReadonlyMap<string, readonly GoldenPacket[]> = new Map(
  readdirSync(CAPTURES).map((file) => {
    const datagrams = udpDatagrams(readFileSync(`${CAPTURES}/${file}`))
    const packets = datagrams
      .filter(({ sourcePort, destinationPort }) =>
        DHCP_PORTS.some((port) => [sourcePort, destinationPort].includes(port))
      )
      .map(({ source, sourcePort, destination, destinationPort, payload }) => ({
        title: `${source}:${sourcePort} > ${destination}:${destinationPort}`,
        payload
      }))
    return [file, packets]
  })
)

/** The packets that have a golden text, by the name of its file. */
export const GOLDEN: ReadonlyMap<string, readonly GoldenPacket[]> = new Map([
  ...Array.from(
    VECTORS,
    ([name, { discover, request }]) =>
      [
        name,
        [
          { title: 'discover', payload: discover },
          { title: 'request', payload: request }
        ]
      ] as const
  ),
  ...CAPTURED
])

export function goldenPath(name: string): string {
  return `test/vectors/golden/${name}.txt`
}

export function decodedText(payload: Uint8Array): string {
  return packetText({ bytes: payload, length: payload.length })
}
