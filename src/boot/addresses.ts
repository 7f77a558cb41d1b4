import { inPool } from '../inventory/addresses.ts'
import type { Now } from '../inventory/clock.ts'
import type { Lease } from '../inventory/lease.ts'
import type { Machine, Pool, Subnet } from '../inventory/model.ts'
import { contains, type Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Situation } from './decide.ts'
import type { Endpoints } from './endpoints.ts'
import type { DecisionFacts } from './identify.ts'

/** What the pair's rules kept from clients may be free by now, though nothing tells so. */
const RECONSIDERED_AFTER_MS = 60_000

/** The subnets of a client's link, the one that it was seen in first. */
export type Link = readonly [Subnet, ...Subnet[]]

/** RFC 2131, section 4.3.2. */
export type RequestState = 'selecting' | 'init-reboot' | 'renewing' | 'rebinding'

/** Why a client may not have an address. `certain`: it can't be its own, whoever gave it out; otherwise nothing is known of it. */
export type Objection = { readonly reason: string; readonly certain: boolean }

/** Finds addresses for clients and says which they may have. What leases tell is in memory, so nothing here waits. */
export class Addresses {
  readonly #facts: DecisionFacts
  readonly #endpoints: Endpoints
  readonly #now: Now
  /** The inventory's revision, and when, the pools of a link were last searched in vain. */
  readonly #fullAt = new WeakMap<Subnet, { revision: number; at: number }>()

  constructor(facts: DecisionFacts, endpoints: Endpoints, now: Now) {
    this.#facts = facts
    this.#now = now
    this.#endpoints = endpoints
  }

  /** The address of the machine's own interface, where that is of this link. */
  fixed({ machine, mac }: Situation, link: Link): Ipv4 | undefined {
    const own = machine?.interfaces.find((each) => each.mac === mac)
    if (!machine || !own?.ipv4 || !link.some(({ cidr }) => cidr === own.subnet)) return undefined
    return this.#facts.leases.isShared && !this.#isServed(machine, mac, own.ipv4) ? undefined : own.ipv4
  }

  /** Whether a fixed address lasts as long as such are given for: nobody but the two instances' agreement can take it away. */
  isLasting({ machine }: Situation): boolean {
    return machine !== undefined && this.#facts.inventory.log.peer.has(machine.name)
  }

  /**
   * Both instances always serve an address that both know to be the machine's. One that the other doesn't know of yet is
   * like one of a pool; one that two machines claim is the one's that holds it.
   */
  #isServed(machine: Machine, mac: Mac, address: Ipv4): boolean {
    const { leases, inventory } = this.#facts
    const lease = leases.active(address)
    if (lease !== undefined && lease.mac !== mac) return false
    if (inventory.claims.isContestedAddress(address) && lease === undefined) return false
    return inventory.log.peer.has(machine.name) || leases.mayGive(address, mac)
  }

  /** The address it had, the one it asks for, the one it was offered, or the one that was free for longest. */
  dynamic(mac: Mac, link: Link, requested?: Ipv4): Ipv4 | undefined {
    const { leases } = this.#facts
    const pools = poolsOf(link)
    const isUsable = (address: Ipv4) =>
      inPool(pools, address) && !leases.isTaken(address, mac) && leases.mayGive(address, mac) && this.#isUnused(address)
    const had = leases.latestOf(mac, ({ address }) => isUsable(address))
    if (had && (requested === undefined || leases.isActive(had))) return had.address
    if (requested !== undefined && isUsable(requested)) return requested
    return had?.address ?? leases.heldBy(mac, isUsable) ?? this.#choose(link[0], pools, mac)
  }

  /**
   * Why a client may not begin or go on with a pool address; undefined where it may. One that it wasn't offered is
   * as good as another, but nobody has two of a link.
   */
  objection(mac: Mac, link: Link, subnet: Subnet, address: Ipv4, state: RequestState): Objection | undefined {
    const { leases } = this.#facts
    const reboots = state === 'init-reboot'
    if (leases.isTaken(address, mac) || !this.#isUnused(address)) {
      return { reason: `${address} is in other use`, certain: true }
    }
    if (!inPool(subnet.pools, address))
      return { reason: `${address} is in no pool of ${subnet.cidr}`, certain: !reboots }
    // Whoever has it already may have it from the other instance, unknown to this one: it goes on until its lease ends.
    if (!leases.mayGive(address, mac))
      return { reason: `${address} is for the other instance to give`, certain: state === 'selecting' }
    if (leases.at(address)?.mac === mac || leases.heldBy(mac, (held) => held === address)) return undefined
    const isKnown = (lease: Lease) =>
      (reboots || leases.isActive(lease)) && link.some(({ cidr }) => contains(cidr, lease.address))
    const other = leases.latestOf(mac, isKnown)
    if (other) return { reason: `${address} is not its address, ${other.address} is`, certain: true }
    // RFC 2131, 4.3.2: without a record of the client the server must remain silent.
    return reboots ? { reason: `nothing is known of it, nor of who gave it ${address}`, certain: false } : undefined
  }

  /** Free addresses that the other instance may have, up to so many. */
  spare(pools: readonly Pool[], most: number): Ipv4[] {
    return this.#facts.leases.spare(pools, most, (address) => this.#isUnused(address))
  }

  #choose(subnet: Subnet, pools: readonly Pool[], mac: Mac): Ipv4 | undefined {
    const { inventory, leases } = this.#facts
    const isFree = (address: Ipv4) => this.#isUnused(address)
    const chosen = leases.choose(pools, mac, isFree)
    if (chosen !== undefined) return chosen
    const full = this.#fullAt.get(subnet)
    const now = this.#now()
    if (full?.revision === inventory.revision && now < full.at + RECONSIDERED_AFTER_MS) return undefined
    this.#fullAt.set(subnet, { revision: inventory.revision, at: now })
    leases.reconsider(pools)
    return leases.choose(pools, mac, isFree)
  }

  /** Whether an address of a pool is in no use that leases don't tell of. */
  #isUnused(address: Ipv4): boolean {
    const { inventory } = this.#facts
    return (
      inventory.machineByAddress(address) === undefined &&
      !inventory.isServiceAddress(address) &&
      !this.#endpoints.isOwn(address) &&
      !this.#endpoints.isPeers(address)
    )
  }
}

export function poolsOf(link: Link): readonly Pool[] {
  return link.length === 1 ? link[0].pools : link.flatMap(({ pools }) => pools)
}
