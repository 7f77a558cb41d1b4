import { hexOf } from './bytes.ts'
import { RecentTexts } from './recent.ts'

/** An Ethernet address in its canonical form: six lower-case hexadecimal pairs with colons. */
export type Mac = string & { readonly __brand: 'Mac' }

const recent = new RecentTexts((value) => {
  const low = value % 0x1000000
  const high = (value - low) / 0x1000000
  return hexOf([high >>> 16, (high >>> 8) & 255, high & 255, low >>> 16, (low >>> 8) & 255, low & 255], ':') as Mac
})
const PATTERN =
  /^([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})$/

/**
 * Reads the spellings that firmware, switches and people use: `52:54:00:00:00:0a`,
 * `52-54-00-00-00-0A`, `5254.0000.000a`, `52540000000a`.
 * @throws {TypeError} naming the text, when it is none of these.
 */
export function parseMac(text: string): Mac {
  const match = PATTERN.exec(text.toLowerCase().replaceAll('.', ''))
  if (match === null) {
    throw new TypeError(`"${text}" is not a MAC address: six pairs like 52:54:00:00:00:0a`)
  }
  return match.slice(1).join(':') as Mac
}

/** The address of the first six bytes of a chaddr field or a client identifier. */
export function macFromBytes(bytes: Uint8Array): Mac {
  let value = 0
  for (let at = 0; at < 6; at += 1) value = value * 256 + (bytes[at] as number)
  return macFromNumber(value)
}

/** @param value 48 bits. */
export function macFromNumber(value: number): Mac {
  return recent.of(value)
}

/** 48 bits. */
export function macToNumber(mac: Mac): number {
  let value = 0
  for (let at = 0; at < mac.length; at += 3) value = value * 256 + 16 * digitAt(mac, at) + digitAt(mac, at + 1)
  return value
}

/** The value of a lower-case hexadecimal digit. */
function digitAt(mac: Mac, at: number): number {
  const code = mac.charCodeAt(at)
  return code < 0x61 ? code - 0x30 : code - 0x57
}

export function macToBytes(mac: Mac): Uint8Array {
  return Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16))
}

/** A group address (broadcast or multicast) or all zeros can't be a machine's own. */
export function isStationMac(mac: Mac): boolean {
  const first = Number.parseInt(mac.slice(0, 2), 16)
  return (first & 1) === 0 && mac !== '00:00:00:00:00:00'
}
