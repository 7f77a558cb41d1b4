import { type Cidr, type Ipv4, parseCidr, parseIpv4 } from '../../src/net/ipv4.ts'
import { type Mac, parseMac } from '../../src/net/mac.ts'

/** `52:54:00:00:00:0a` for 10. */
export const mac = (number: number): Mac => parseMac(`525400${number.toString(16).padStart(6, '0')}`)
export const ip = (text: string): Ipv4 => parseIpv4(text)
export const cidr = (text: string): Cidr => parseCidr(text)
