import type { AddressShares, Slot } from '../inventory/address-shares.ts'
import type { FreedAddresses } from '../inventory/freed.ts'
import type { Holding, LeasePolicy } from '../inventory/lease-policy.ts'
import type { Pool } from '../inventory/model.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { AddressRules, Standing, Terms } from './address-rules.ts'
import { ownerOf } from './shares.ts'

export type AddressPolicyOptions = {
  readonly slot: Slot
  readonly rules: AddressRules
  readonly freed: FreedAddresses
  readonly shares: AddressShares
  readonly standing: () => Standing
  readonly terms: () => Terms
  readonly now: () => number
  readonly exhausted: (pools: readonly Pool[]) => void
}

/** The rules for addresses as the leases ask for them: what they say follows from how the two instances stand now. */
export class AddressPolicy implements LeasePolicy {
  readonly #options: AddressPolicyOptions

  constructor(options: AddressPolicyOptions) {
    this.#options = options
  }

  mayAllocate(address: Ipv4, last: Holding | undefined): boolean {
    const { freed, rules, standing, terms, now } = this.#options
    return !freed.has(address) && rules.mayAllocate(standing(), this.#isOwn(address), last, now(), terms())
  }

  mayRenew(address: Ipv4, last: Holding): boolean {
    const { rules, standing, terms, now } = this.#options
    return rules.mayRenew(standing(), this.#isOwn(address), last, now(), terms())
  }

  latestEnd(last: Holding | undefined): number {
    const { rules, standing, terms, now } = this.#options
    return rules.latestEnd(standing(), last, now(), terms())
  }

  exhausted(pools: readonly Pool[]): void {
    this.#options.exhausted(pools)
  }

  #isOwn(address: Ipv4): boolean {
    const { shares, slot } = this.#options
    return (shares.slotOf(address) ?? ownerOf(address)) === slot
  }
}
