/**
 * The least of a DHCP codec that the probes of the `dhcp` package need. Not Tandem's own: a probe must not depend on
 * what it argues for.
 */

const TYPES = ['', 'DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM'] as const

const NONE = [0, 0, 0, 0]

export type Option = readonly [code: number, ...bytes: number[]]

export type Reply = {
  /** The last byte of the MAC. */
  readonly machine: number
  /** `OFFER 10.77.0.10` */
  readonly text: string
  /** The codes, without 53. */
  readonly options: readonly number[]
}

/** A client's packet (RFC 2131, section 2) from the MAC 52:54:00:00:00 and a last byte. */
export function packet(
  machine: number,
  type: (typeof TYPES)[number],
  options: readonly Option[],
  { ciaddr = NONE, giaddr = NONE }: { ciaddr?: readonly number[]; giaddr?: readonly number[] } = {}
): Uint8Array {
  const header = Buffer.alloc(240)
  header.set([1, 1, 6], 0)
  header.set(ciaddr, 12)
  header.set(giaddr, 24)
  header.set([0x52, 0x54, 0, 0, 0, machine], 28)
  header.set([0x63, 0x82, 0x53, 0x63], 236)
  const all: Option[] = [[53, TYPES.indexOf(type)], ...options]
  return Buffer.from([...header, ...all.flatMap(([code, ...bytes]) => [code, bytes.length, ...bytes]), 255])
}

export function readReply(bytes: Uint8Array): Reply {
  const options = new Map<number, number>()
  for (let at = 240; at < bytes.length && bytes[at] !== 255; at += 2 + (bytes[at + 1] ?? 0)) {
    options.set(bytes[at] ?? 0, bytes[at + 2] ?? 0)
  }
  const type = TYPES[options.get(53) ?? 0]
  options.delete(53)
  return { machine: bytes[33] ?? 0, text: `${type} ${bytes.subarray(16, 20).join('.')}`, options: [...options.keys()] }
}
