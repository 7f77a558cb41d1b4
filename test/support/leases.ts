import type { Lease } from '../../src/inventory/lease.ts'
import type { Leases } from '../../src/inventory/leases.ts'
import { ipv4FromNumber } from '../../src/net/ipv4.ts'

/** The latest lease of each address, in the order of the addresses. */
export function allLeases(leases: Leases): Lease[] {
  return Array.from(leases.find({}), (address) => leases.at(ipv4FromNumber(address)) as Lease)
}
