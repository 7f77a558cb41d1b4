import { readFileSync } from 'node:fs'
import { ETHERNET, type Packet } from '../../src/dhcp/codec.ts'
import { type Ipv4, parseIpv4, UNSPECIFIED } from '../../src/net/ipv4.ts'
import type { Options } from '../../src/net/options/kinds.ts'

/** DISCOVERs and REQUESTs that real firmware, installers and operating systems sent, by the sender's name. */
export const VECTORS: ReadonlyMap<string, { readonly discover: Uint8Array; readonly request: Uint8Array }> = new Map(
  Object.entries(JSON.parse(readFileSync('test/vectors/dhcp-vectors.json', 'utf8')) as Record<string, Payloads>).map(
    ([name, { discover, request }]) => [name, { discover: fromHex(discover), request: fromHex(request) }]
  )
)

type Payloads = { discover: string; request: string }

export function vector(name: string, message: 'discover' | 'request' = 'discover'): Uint8Array {
  const payloads = VECTORS.get(name)
  if (payloads === undefined) throw new Error(`no vector is called ${name}`)
  return payloads[message]
}

/** A client's packet with nothing in it but what a test is about. */
export function packet(fields: Partial<Packet> = {}, options: Iterable<readonly [number, Uint8Array]> = []): Packet {
  return {
    op: 1,
    htype: ETHERNET,
    hops: 0,
    xid: 0x12345678,
    secs: 0,
    flags: 0,
    ciaddr: UNSPECIFIED,
    yiaddr: UNSPECIFIED,
    siaddr: UNSPECIFIED,
    giaddr: UNSPECIFIED,
    chaddr: Uint8Array.of(0x52, 0x54, 0, 0, 0, 0x0a),
    sname: '',
    file: '',
    options: new Map(options) satisfies Options,
    ...fields
  }
}

/** Spaces are for the reader. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

export function ip(text: string): Ipv4 {
  return parseIpv4(text)
}

/** The packet with its options in a Map, whatever they were in: for comparing. */
export function plain(packet: Packet): Packet {
  return { ...packet, options: new Map(packet.options) }
}
