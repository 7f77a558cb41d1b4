import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Inventory } from './inventory.ts'
import type { LeaseGrant } from './lease.ts'
import type { Leases } from './leases.ts'

/** A lease that another server gave. */
export type ForeignLease = {
  readonly address: Ipv4
  readonly mac: Mac
  readonly clientId?: string | undefined
  readonly hostName?: string | undefined
  /** Until it ends; infinite where the client was told that it never does. */
  readonly seconds: number
}

export type Skipped = { readonly address: Ipv4; readonly mac: Mac; readonly reason: string }

/** Seconds: a lease without an end is kept for ten years; its client never asks for more. */
const FOREVER = 10 * 365 * 86_400

/**
 * Takes over the leases of another server, so that its clients keep their addresses. Running the same import
 * again changes nothing that happened since.
 * @returns how many were taken, and why the others weren't.
 */
export async function importLeases(
  inventory: Inventory,
  leases: Leases,
  foreign: readonly ForeignLease[],
  now: number
): Promise<{ taken: number; skipped: Skipped[] }> {
  const grants = new Map<Ipv4, LeaseGrant>()
  const skipped: Skipped[] = []
  for (const lease of foreign) {
    const reason = objection(inventory, leases, lease, now)
    if (reason === undefined) grants.set(lease.address, { ...lease, seconds: Math.min(lease.seconds, FOREVER) })
    else skipped.push({ address: lease.address, mac: lease.mac, reason })
  }
  await leases.grant([...grants.values()])
  return { taken: grants.size, skipped }
}

function objection(inventory: Inventory, leases: Leases, lease: ForeignLease, now: number): string | undefined {
  const { address, mac, seconds } = lease
  if (seconds <= 0) return 'it has ended'
  if (inventory.subnetOf(address) === undefined) return 'no subnet holds the address'
  if (inventory.isServiceAddress(address)) return 'the address is a gateway, DNS or NTP server of a subnet'
  const owner = inventory.machineByAddress(address)
  if (owner && !owner.interfaces.some((each) => each.mac === mac && each.ipv4 === address)) {
    return `the address belongs to machine ${owner.name}`
  }
  const own = leases.at(address)
  if (own?.mac === mac && own.expiresAt > now + (seconds - 1) * 1000)
    return 'the client holds it here for as long already'
  if (leases.isTaken(address, mac)) return `the address is under a lease of ${own?.mac ?? 'another client'} here`
  return undefined
}
