import { type Cidr, type Ipv4, ipv4FromNumber, ipv4ToNumber, parseCidr, parseIpv4 } from '../../../src/net/ipv4.ts'
import { type Mac, parseMac } from '../../../src/net/mac.ts'

/** The network that a server is to serve, and the machines that it knows. */
export type Site = {
  readonly subnet: Cidr
  readonly pool: { readonly from: Ipv4; readonly to: Ipv4 }
  readonly reservations: readonly Reservation[]
}

export type Reservation = { readonly mac: Mac; readonly address: Ipv4 }

/** Where the server and the relay agent are in every site, both within {@link LINK}. */
export const SERVER = parseIpv4('10.77.0.2')
export const RELAY = parseIpv4('10.77.0.1')
export const LINK = parseCidr('10.77.0.0/16')

/** Seconds. */
export const LEASE_TIME = 3600

/** A subnet of 65,534 addresses, nearly all of them in the pool. */
export const POOL_SITE: Site = {
  subnet: LINK,
  pool: { from: parseIpv4('10.77.1.0'), to: parseIpv4('10.77.255.250') },
  reservations: []
}

/** So many registered machines outside the pool of the same subnet, which has 48,000 addresses. */
export function reservationSite(machines: number): Site {
  const reservations = reservationsFrom(parseIpv4('10.77.1.0'), machines)
  return { ...POOL_SITE, pool: { from: parseIpv4('10.77.64.0'), to: POOL_SITE.pool.to }, reservations }
}

/** So many registered machines, up to 200,000, and a pool of 200,000 addresses beside them. */
export function largeSite(machines: number): Site {
  return {
    subnet: parseCidr('10.64.0.0/12'),
    pool: { from: parseIpv4('10.72.0.0'), to: parseIpv4('10.75.13.64') },
    reservations: reservationsFrom(parseIpv4('10.64.1.0'), machines)
  }
}

function reservationsFrom(first: Ipv4, count: number): Reservation[] {
  const start = ipv4ToNumber(first)
  return Array.from({ length: count }, (_, index) => ({
    mac: clientMac(index),
    address: ipv4FromNumber(start + index)
  }))
}

/** The load generator's client of this number. */
export function clientMac(index: number): Mac {
  return parseMac((0x020000000000 + index).toString(16).padStart(12, '0'))
}
