import { Adviser } from '../../../src/boot/adviser.ts'
import { start as startAuthoritative } from '../../../src/dhcp/authoritative.ts'
import { start as startProxy } from '../../../src/dhcp/proxy.ts'
import type { ServerOptions } from '../../../src/dhcp/server.ts'
import type { Boot } from '../../support/boot.ts'
import { faultOfAddress, faultOfAnyAddress } from './checks.ts'

/** A server that packets are put to. */
export type Subject = {
  /** Whether another server gives the addresses. */
  readonly elsewhere: boolean
  start(site: Boot, options: ServerOptions): Promise<{ close(): Promise<void> }>
  readonly faultOfAddress: typeof faultOfAddress
  /** What comes of packets in every run: one that never came past the first check would prove nothing. */
  readonly outcomes: readonly string[]
}

export const AUTHORITATIVE: Subject = {
  elsewhere: false,
  start: ({ allocator }, options) => startAuthoritative({ ...options, allocator }),
  faultOfAddress,
  outcomes: [
    ...['offer', 'ack', 'nak', 'silence', 'inform', 'release', 'decline', 'bootreply'],
    ...['malformed', 'unhandled', 'elsewhere', 'foreign-server']
  ]
}

export const PROXY: Subject = {
  elsewhere: true,
  start({ inventory, allocator, facts: { sightings } }, options) {
    if (sightings === undefined) throw new Error('a ProxyDHCP server needs sightings')
    return startProxy({ ...options, adviser: new Adviser(inventory, sightings, allocator) })
  },
  faultOfAddress: faultOfAnyAddress,
  outcomes: ['proxy-offer', 'boot-server', 'sighting', 'silence', 'malformed', 'unhandled']
}
