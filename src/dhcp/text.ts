import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import { OPTION } from '../net/options/table.ts'
import { BOOTREPLY, BOOTREQUEST, BROADCAST_FLAG, decode, ETHERNET, type Packet } from './codec.ts'
import type { KeptPacket } from './exchange-ring.ts'
import { MalformedPacket } from './malformed.ts'
import { hexadecimal, optionLines, quoted } from './option-text.ts'
import { MESSAGE, readIfValid } from './options.ts'

/** Packets as people read them. */

/** `REQUEST 2533d358 for 10.77.0.165, server 10.77.0.1, vendor class "PXEClient:Arch:00000:UNDI:002001"`. */
export function packetLine({ bytes }: KeptPacket): string {
  const packet = decoded(bytes)
  if (packet instanceof MalformedPacket) return malformedLine(packet)
  const { options, ciaddr, giaddr } = packet
  const address = readIfValid(options, OPTION.requestedAddress) ?? given(ciaddr)
  const server = readIfValid(options, OPTION.serverId)
  const vendorClass = readIfValid(options, OPTION.vendorClass)
  const relay = given(giaddr)
  return [
    titleOf(packet) + (address ? ` for ${address}` : ''),
    ...(server ? [`server ${server}`] : []),
    ...(vendorClass ? [`vendor class ${quoted(vendorClass)}`] : []),
    ...(relay ? [`relay agent ${relay}`] : [])
  ].join(', ')
}

/** The fields that are set and every option, in lines. Of what is malformed: why, and its bytes. */
export function packetText({ bytes, length }: KeptPacket): string {
  const packet = decoded(bytes)
  const cut = bytes.length < length ? [`only the first ${bytes.length} of ${length} bytes are here`] : []
  const lines = packet instanceof MalformedPacket ? [malformedLine(packet), ...hexDump(bytes)] : linesOf(packet)
  return [...cut, ...lines].join('\n')
}

function decoded(bytes: Uint8Array): Packet | MalformedPacket {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof MalformedPacket) return error
    throw error
  }
}

function malformedLine({ code, message }: MalformedPacket): string {
  return `malformed (${code}): ${message}`
}

function linesOf(packet: Packet): string[] {
  const { op, htype, hops, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr, sname, file, options } = packet
  const fields: Record<string, string | number | undefined> = {
    op: op === BOOTREQUEST || op === BOOTREPLY ? undefined : op,
    htype: htype === ETHERNET ? undefined : htype,
    hops: hops || undefined,
    secs: secs || undefined,
    flags: flagsText(flags),
    ciaddr: given(ciaddr),
    yiaddr: given(yiaddr),
    siaddr: given(siaddr),
    giaddr: given(giaddr),
    chaddr: Array.from(chaddr, (byte) => hexadecimal(byte, 2)).join(':') || undefined,
    sname: sname === '' ? undefined : quoted(sname),
    file: file === '' ? undefined : quoted(file)
  }
  const set = Object.entries(fields).filter(([, value]) => value !== undefined)
  return [
    titleOf(packet),
    ...set.map(([name, value]) => `  ${name}: ${value}`),
    ...optionLines(options).map((line) => `  ${line}`)
  ]
}

/** `DISCOVER 2533d358`: the message and the transaction. */
function titleOf({ op, xid, options }: Packet): string {
  const type = readIfValid(options, OPTION.messageType)
  const message = Object.entries(MESSAGE).find(([, value]) => value === type)?.[0]
  return `${message ?? (op === BOOTREPLY ? 'BOOTREPLY' : 'BOOTREQUEST')} ${hexadecimal(xid, 8)}`
}

function flagsText(flags: number): string | undefined {
  if (flags === 0) return undefined
  return flags === BROADCAST_FLAG ? 'broadcast' : hexadecimal(flags, 4)
}

function given(address: Ipv4): Ipv4 | undefined {
  return address === UNSPECIFIED ? undefined : address
}

/** `0010  00 00 0a 4d ...`: sixteen bytes a line. */
function hexDump(bytes: Uint8Array): string[] {
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, row) => {
    const line = bytes.subarray(16 * row, 16 * row + 16)
    return `  ${hexadecimal(16 * row, 4)}  ${Array.from(line, (byte) => hexadecimal(byte, 2)).join(' ')}`
  })
}
