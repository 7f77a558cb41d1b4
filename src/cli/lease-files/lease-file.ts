import { parseDnsmasqLeases } from './dnsmasq.ts'
import { parseIscLeases } from './isc.ts'

/** A lease in another server's file. */
export type FileLease = {
  address: string
  mac: string
  /** Option 61, hexadecimal. */
  clientId?: string
  hostName?: string
  /** Left out: it never expires. */
  expiresAt?: Date
}

/** What a file held. */
export type LeaseFile = {
  readonly leases: readonly FileLease[]
  /** Parts that can't be understood, with their line. */
  readonly ignored: readonly { readonly line: number; readonly reason: string }[]
}

export const LEASE_FORMATS = ['isc', 'dnsmasq'] as const
export type LeaseFormat = (typeof LEASE_FORMATS)[number]

/** Reads a lease file; its server may be writing to it. @param now for leases that say how long they last. */
export function parseLeaseFile(text: string, format: LeaseFormat): LeaseFile {
  return format === 'isc' ? parseIscLeases(text) : parseDnsmasqLeases(text)
}

/** Which server's file it is; undefined where nothing tells. */
export function formatOf(text: string): LeaseFormat | undefined {
  if (/^\s*lease\s+[0-9.]+\s*\{/m.test(text)) return 'isc'
  return /^[0-9]+ ([0-9A-Fa-f]{2}-)?([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2} [0-9.]+ \S+/m.test(text) ? 'dnsmasq' : undefined
}
