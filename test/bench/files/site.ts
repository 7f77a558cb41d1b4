import { type Cidr, type Ipv4, ipv4FromNumber, ipv4ToNumber, parseCidr, parseIpv4 } from '../../../src/net/ipv4.ts'

/** Where the servers and their clients are: each server at an address of its own, the clients at many. */
export const LINK: Cidr = parseCidr('10.99.0.0/16')
export const CLIENT = parseIpv4('10.99.1.1')
/** Tandem bounds the transfers of one address. */
export const CLIENT_ADDRESSES = 250

/** Of clients on the servers' host. */
export const LOCAL_CLIENT = parseIpv4('10.99.2.1')

export const ADDRESS = {
  tandem: parseIpv4('10.99.0.1'),
  dnsmasq: parseIpv4('10.99.0.2'),
  hpa: parseIpv4('10.99.0.3'),
  atftpd: parseIpv4('10.99.0.4'),
  npm: parseIpv4('10.99.0.5'),
  nginx: parseIpv4('10.99.0.6')
} as const satisfies Record<string, Ipv4>

/** So that blocks of 8192 bytes travel whole. */
export const MTU = 9000

/** The files that are served, with their bytes. */
export const FILES = { 'big.bin': 64 << 20, 'small.bin': 1 << 20 } as const
export type FileName = keyof typeof FILES

export function clientAddresses(): Ipv4[] {
  return Array.from({ length: CLIENT_ADDRESSES }, (_, index) => ipv4FromNumber(ipv4ToNumber(CLIENT) + index))
}
