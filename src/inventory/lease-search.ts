import { type Cidr, ipv4ToNumber, maskOf, networkAddress } from '../net/ipv4.ts'
import { type Mac, macToNumber } from '../net/mac.ts'
import type { LeaseState } from './lease.ts'
import type { LeaseTable } from './lease-table.ts'

/** What became of a lease. */
export const CONDITIONS = ['active', 'expired', 'released', 'declined'] as const
export type Condition = (typeof CONDITIONS)[number]

/** Which leases are meant: those that all of these apply to. */
export type Wanted = {
  /** Of any of these clients. */
  readonly macs?: readonly Mac[] | undefined
  readonly cidr?: Cidr | undefined
  readonly condition?: Condition | undefined
}

/** A quarantine that is over is expired too. */
export function conditionOf(state: LeaseState, expiresAt: number, now: number): Condition {
  if (state === 'released') return 'released'
  if (expiresAt <= now) return 'expired'
  return state === 'bound' ? 'active' : 'declined'
}

/** The addresses, as numbers in order: of a hundred thousand leases none is made presentable that nobody looks at. */
export function findLeases(table: LeaseTable, { macs, cidr, condition }: Wanted, now: number): Float64Array {
  const numbers = macs?.map(macToNumber)
  const mask = cidr === undefined ? 0 : ipv4ToNumber(maskOf(cidr))
  const network = cidr === undefined ? 0 : ipv4ToNumber(networkAddress(cidr))
  const found: number[] = []
  for (let row = 0; row < table.size; row += 1) {
    const address = table.addressAt(row)
    if (((address ^ network) & mask) !== 0) continue
    if (numbers !== undefined && !numbers.includes(table.macAt(row))) continue
    if (condition === undefined || conditionOf(table.stateAt(row), table.endAt(row), now) === condition)
      found.push(address)
  }
  return Float64Array.from(found).sort()
}
