import { type Ipv4, UNSPECIFIED } from '../net/ipv4.ts'
import { printOption } from '../net/options/configured.ts'
import { OPTION } from '../net/options/table.ts'
import { text } from '../net/options/text.ts'
import { BOOTREPLY, BOOTREQUEST, BROADCAST_FLAG, decode, ETHERNET, type Packet } from './codec.ts'
import type { KeptPacket } from './exchange-ring.ts'
import { MalformedPacket } from './malformed.ts'
import { MESSAGE, readIfValid } from './options.ts'

/** Packets as people read them: printable ASCII, whatever a client sent. */

/** `REQUEST 2533d358 for 10.77.0.165, server 10.77.0.1, vendor class PXEClient:Arch:00000:UNDI:002001`. */
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
    ...(vendorClass ? [`vendor class ${text.print(vendorClass)}`] : []),
    ...(relay ? [`relay agent ${relay}`] : [])
  ].join(', ')
}

/** The fields that are set and every option, in lines. Of what is malformed: why, and its bytes. */
export function packetText({ bytes, length }: KeptPacket): string {
  const packet = decoded(bytes)
  const cut = bytes.length < length ? [`only the first ${bytes.length} of ${length} bytes are here`] : []
  const lines = packet instanceof MalformedPacket ? [malformedLine(packet), ...hexDump(bytes)] : packetLines(packet)
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

function packetLines(packet: Packet): string[] {
  const { op, htype, hops, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr, sname, file, options } = packet
  const vendorClass = readIfValid(options, OPTION.vendorClass)
  const fields = {
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
    sname: text.print(sname) || undefined,
    file: text.print(file) || undefined
  }
  const set = Object.entries(fields).filter(([, value]) => value !== undefined)
  return [
    titleOf(packet),
    ...set.map(([name, value]) => `  ${name}: ${value}`),
    ...Array.from(options).flatMap(([code, bytes]) => {
      const { name, value } = printOption(code, bytes, vendorClass)
      return indented(linesOf(`${String(code).padStart(3)} ${name}`, value))
    })
  ]
}

/** A value of JSON under its name. Sub-options, and what else has parts, have lines of their own. */
function linesOf(name: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [`${name}: ${value}`]
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return [`${name}: ${value.join(', ')}`]
  return [name, ...indented(Object.entries(value).flatMap(([part, each]) => linesOf(`    ${part}`, each)))]
}

/** `DISCOVER 2533d358`: the message and the transaction. */
function titleOf({ op, xid, options }: Packet): string {
  const type = readIfValid(options, OPTION.messageType)
  const named = Object.entries(MESSAGE).find(([, value]) => value === type)?.[0]
  const message = type === undefined ? (op === BOOTREPLY ? 'BOOTREPLY' : 'BOOTREQUEST') : `message type ${type}`
  return `${named ?? message} ${hexadecimal(xid, 8)}`
}

function flagsText(flags: number): string | undefined {
  if (flags === 0) return undefined
  return flags === BROADCAST_FLAG ? 'broadcast' : hexadecimal(flags, 4)
}

function given(address: Ipv4): Ipv4 | undefined {
  return address === UNSPECIFIED ? undefined : address
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** `0010  00 00 0a 4d ...`: sixteen bytes a line. */
function hexDump(bytes: Uint8Array): string[] {
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, row) => {
    const line = bytes.subarray(16 * row, 16 * row + 16)
    return `  ${hexadecimal(16 * row, 4)}  ${Array.from(line, (byte) => hexadecimal(byte, 2)).join(' ')}`
  })
}
