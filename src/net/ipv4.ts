import { RecentTexts } from './recent.ts'

/** An IPv4 address as dotted decimal text without leading zeros. */
export type Ipv4 = string & { readonly __brand: 'Ipv4' }

/** An IPv4 network, `10.77.0.0/24`: the host bits are zero. */
export type Cidr = string & { readonly __brand: 'Cidr' }

const PART = '(0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])'
const ADDRESS = new RegExp(`^${PART}\\.${PART}\\.${PART}\\.${PART}$`)

export const UNSPECIFIED = '0.0.0.0' as Ipv4
/** The character code of the digit; the dot's is less. */
const ZERO = 0x30

export const LIMITED_BROADCAST = '255.255.255.255' as Ipv4

export function isIpv4(text: string): text is Ipv4 {
  return ADDRESS.test(text)
}

/** @throws {TypeError} naming the text, when it is not an address in dotted decimal. */
export function parseIpv4(text: string): Ipv4 {
  if (!isIpv4(text)) throw new TypeError(`"${text}" is not an IPv4 address like 10.77.0.10`)
  return text
}

/** The address as an unsigned 32-bit number, in network order. */
export function ipv4ToNumber(address: Ipv4): number {
  let value = 0
  let part = 0
  for (let index = 0; index < address.length; index += 1) {
    const digit = address.charCodeAt(index) - ZERO
    if (digit < 0) {
      value = value * 256 + part
      part = 0
    } else {
      part = part * 10 + digit
    }
  }
  return value * 256 + part
}

const recent = new RecentTexts(
  (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.') as Ipv4
)

export function ipv4FromNumber(value: number): Ipv4 {
  return recent.of(value)
}

export function ipv4FromBytes(bytes: Uint8Array): Ipv4 {
  let value = 0
  for (let at = 0; at < 4; at += 1) value = value * 256 + (bytes[at] as number)
  return recent.of(value)
}

export function ipv4ToBytes(address: Ipv4): Uint8Array {
  const value = ipv4ToNumber(address)
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/**
 * Reads `10.77.0.0/24`.
 * @throws {TypeError} when it isn't a network, or when host bits are set (the message names the network meant).
 */
export function parseCidr(text: string): Cidr {
  const [address = '', prefix = ''] = text.split('/', 2)
  if (!ADDRESS.test(address) || !/^([0-9]|[12][0-9]|3[0-2])$/.test(prefix)) {
    throw new TypeError(`"${text}" is not a network like 10.77.0.0/24`)
  }
  const network = networkOf(address as Ipv4, Number(prefix))
  if (network !== text) throw new TypeError(`"${text}" has host bits set: the network is ${network}`)
  return network
}

export function prefixOf(cidr: Cidr): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1))
}

export function networkAddress(cidr: Cidr): Ipv4 {
  return cidr.slice(0, cidr.indexOf('/')) as Ipv4
}

export function maskOf(cidr: Cidr): Ipv4 {
  return ipv4FromNumber(maskBits(prefixOf(cidr)))
}

export function broadcastOf(cidr: Cidr): Ipv4 {
  return ipv4FromNumber((ipv4ToNumber(networkAddress(cidr)) | ~maskBits(prefixOf(cidr))) >>> 0)
}

export function contains(cidr: Cidr, address: Ipv4): boolean {
  const mask = maskBits(prefixOf(cidr))
  return ((ipv4ToNumber(address) ^ ipv4ToNumber(networkAddress(cidr))) & mask) === 0
}

/** Whether an address can be a host's in the network: not its own and not its broadcast address (RFC 1122, 3.2.1.3; RFC 3021 for /31). */
export function isHostAddress(cidr: Cidr, address: Ipv4): boolean {
  if (!contains(cidr, address)) return false
  return prefixOf(cidr) >= 31 || (address !== networkAddress(cidr) && address !== broadcastOf(cidr))
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return prefixOf(a) <= prefixOf(b) ? contains(a, networkAddress(b)) : contains(b, networkAddress(a))
}

/** The network around an address. @param prefix its length, 0 to 32. */
export function networkOf(address: Ipv4, prefix: number): Cidr {
  return `${ipv4FromNumber((ipv4ToNumber(address) & maskBits(prefix)) >>> 0)}/${prefix}` as Cidr
}

function maskBits(prefix: number): number {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0
}
