import type { Now } from '../inventory/clock.ts'
import { REGISTERED_LEASE } from '../inventory/lease-policy.ts'
import type { Pool, Subnet } from '../inventory/model.ts'
import { contains, type Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { Addresses, type Link, poolsOf, type RequestState } from './addresses.ts'
import { bootAnswer } from './answers.ts'
import { Cards } from './cards.ts'
import type { Client, Ending, Grant, Information, Refusal } from './client.ts'
import { type Decision, decide, type Situation } from './decide.ts'
import type { Endpoints } from './endpoints.ts'
import { type DecisionFacts, identify } from './identify.ts'
import { commitLeases, type LeaseChange, QUARANTINE } from './lease-changes.ts'
import { chooseLoader } from './loader-choice.ts'
import { OptionSets } from './option-sets.ts'

/** Where a client is and what it is to become: what all answers to it begin with. */
type Place = {
  readonly client: Client
  readonly situation: Situation
  readonly decision: Decision
  readonly link: Link
}

/** Addresses that one client may have in quarantine: it must not use up a pool for all. */
const MOST_DECLINED = 8

/** Gives DHCP clients their addresses and boot answers. */
export class AddressAllocator {
  readonly #facts: DecisionFacts
  readonly #endpoints: Endpoints
  readonly #options: OptionSets
  readonly #addresses: Addresses
  readonly #cards: Cards

  constructor(facts: DecisionFacts, endpoints: Endpoints, now: Now = Date.now) {
    this.#facts = facts
    this.#endpoints = endpoints
    this.#addresses = new Addresses(facts, endpoints, now)
    this.#options = new OptionSets(facts.inventory)
    this.#cards = new Cards(facts.inventory, now)
  }

  isRegistered(mac: Mac): boolean {
    const machine = this.#facts.inventory.machineByMac(mac)
    return machine !== undefined && machine.life.goal !== 'discover'
  }

  offer(client: Client, requested?: Ipv4): Grant | Refusal {
    const { leases } = this.#facts
    const place = this.#placeOf(client)
    const grant = this.#planAt(place, client, requested)
    if ('address' in grant) leases.hold(grant.address, client.mac)
    else if (grant.actOn && 'link' in place) leases.exhausted(poolsOf(place.link))
    return grant
  }

  /** RFC 2131, 4.3.2: a wrong address is refused by a NAK; about a client that Tandem knows nothing of it keeps silent. */
  request(client: Client, address: Ipv4, state: RequestState): Grant | Refusal {
    const place = this.#placeOf(client)
    if ('refused' in place) return place
    const { situation, decision, link } = place
    const subnet = link.find(({ cidr }) => contains(cidr, address))
    const wrong = (reason: string): Refusal =>
      state === 'selecting' || link[0].authoritative ? { refused: 'nak', reason } : silence(reason)
    if (subnet === undefined) return wrong(`${address} is not in ${link[0].cidr}, where it asks from`)
    if (decision.action === 'ignore') return silence(decision.reasons.join('; '))
    const fixed = this.#addresses.fixed(situation, link)
    if (fixed !== undefined && fixed !== address) {
      return { refused: 'nak', reason: `${address} is not its address, ${fixed} is` }
    }
    if (fixed === undefined) {
      const objection = this.#addresses.objection(client.mac, link, subnet, address, state)
      if (objection !== undefined) return objection.certain ? wrong(objection.reason) : silence(objection.reason)
    }
    // Until the ACK is durable nobody else may ask for it: leases are committed in groups.
    this.#facts.leases.hold(address, client.mac)
    return this.#grant(place, subnet, address, fixed !== undefined)
  }

  bootp(client: Client): Grant | Refusal {
    const place = this.#placeOf(client)
    if ('refused' in place) return place
    const fixed = this.#addresses.fixed(place.situation, place.link)
    if (fixed === undefined) return silence('a BOOTP client keeps its address for good: it has to be registered')
    return this.#grant(place, subnetAround(place, fixed), fixed, true)
  }

  inform(client: Client, address: Ipv4): Information | Refusal {
    return this.#advise({ ...client, link: address }, address, `${address} is its own`)
  }

  /** What is told to a client that has its address from another server. */
  advise(client: Client): Information | Refusal {
    return this.#advise(client, client.link, 'another server gives it its address')
  }

  release({ mac }: Client, address: Ipv4): Ending | Refusal {
    const lease = this.#facts.leases.active(address)
    if (lease?.mac !== mac) return silence(`it holds no lease of ${address}`)
    return { reason: `${address} is given back` }
  }

  decline({ mac }: Client, address: Ipv4): Ending | Refusal {
    const lease = this.#facts.leases.active(address)
    if (lease?.mac !== mac) return silence(`it holds no lease of ${address}`)
    const declined = this.#facts.leases.ofMac(mac).filter((each) => this.#facts.leases.isDeclined(each.address))
    if (declined.length >= MOST_DECLINED) {
      const what = 'what answers ARP requests there? None more is taken from others'
      return { ...silence(`it has declined ${declined.length} addresses in a day: ${what}`), actOn: true }
    }
    const owner = this.#facts.inventory.machineByAddress(address)
    const then = owner ? `it stays ${owner.name}'s` : `nobody is given it for ${QUARANTINE / 3600} h`
    return { reason: `another host uses ${address}: find it; ${then}`, actOn: true }
  }

  /** @returns those whose address went to somebody else since it was granted: they must not be acknowledged. */
  async commit<T extends LeaseChange>(changes: readonly T[]): Promise<ReadonlyMap<T, string>> {
    // First: a lease that iPXE took tells what became of a loader, and its firmware is about to take it over.
    await this.#facts.trials?.learn(changes.flatMap(({ kind, client }) => (kind === 'grant' ? client : [])))
    const impossible = await commitLeases(this.#facts, changes)
    await this.#cards.learn(changes.map(({ client }) => client))
    return impossible
  }

  /** Free addresses of pools that the other instance may have, up to so many. */
  spare(pools: readonly Pool[], most: number): Ipv4[] {
    return this.#addresses.spare(pools, most)
  }

  /** What an offer would be, without any effect. */
  plan(client: Client, requested?: Ipv4): Grant | Refusal {
    return this.#planAt(this.#placeOf(client), client, requested)
  }

  /** Keeps which cards clients boot by, and what became of the loaders that they took. */
  async learn(clients: readonly Client[]): Promise<void> {
    await this.#cards.learn(clients)
    await this.#facts.trials?.learn(clients)
  }

  #planAt(place: Place | Refusal, client: Client, requested: Ipv4 | undefined): Grant | Refusal {
    if ('refused' in place) return place
    if (place.decision.action === 'ignore') return silence(place.decision.reasons.join('; '))
    const fixed = this.#addresses.fixed(place.situation, place.link)
    const address = fixed ?? this.#addresses.dynamic(client.mac, place.link, requested)
    if (address === undefined) return { ...silence(noAddress(place)), actOn: true }
    return this.#grant(place, subnetAround(place, address), address, fixed !== undefined)
  }

  #placeOf(client: Client): Place | Refusal {
    const situation = identify(this.#facts, client.mac, client.firmware.name, client.link)
    const { subnet } = situation
    if (subnet === undefined) return silence(`no subnet holds ${client.link}`)
    return { client, situation, decision: decide(situation), link: this.#facts.inventory.subnetsOfLink(subnet) }
  }

  #advise(client: Client, address: Ipv4, why: string): Information | Refusal {
    const place = this.#placeOf(client)
    if ('refused' in place) return place
    if (place.decision.action === 'ignore') return silence(place.decision.reasons.join('; '))
    return this.#information(place, subnetAround(place, address), address, why)
  }

  #grant(place: Place, subnet: Subnet, address: Ipv4, fixed: boolean): Grant {
    const source = fixed ? 'its fixed address' : `from the pool of ${subnet.cidr}`
    const { options, hostName, boot, reasons } = this.#information(place, subnet, address, `${address} is ${source}`)
    const lasts = fixed && this.#addresses.isLasting(place.situation)
    const leaseTime = lasts ? REGISTERED_LEASE : Math.min(subnet.lease, this.#longest(address, place.client.mac))
    return { address, leaseTime, options, hostName, boot, reasons }
  }

  /** Whole seconds. */
  #longest(address: Ipv4, mac: Mac): number {
    return Math.floor(this.#facts.leases.longest(address, mac))
  }

  #information({ client, situation, decision }: Place, subnet: Subnet, address: Ipv4, why: string): Information {
    const { machine } = situation
    const levels = this.#options.levels(situation, client, subnet, address)
    const boot = bootAnswer(situation, decision, this.#endpoints, client.server)
    return {
      options: this.#options.of(levels),
      hostName: machine && machine.life.goal !== 'discover' ? machine.name : undefined,
      boot,
      reasons: [
        `${decision.action}: ${decision.reasons.join('; ')}`,
        why,
        ...chooseLoader(situation, decision.action).reasons
      ]
    }
  }
}

function silence(reason: string): Refusal {
  return { refused: 'silence', reason }
}

function subnetAround({ link }: Place, address: Ipv4): Subnet {
  return link.find(({ cidr }) => contains(cidr, address)) ?? link[0]
}

function noAddress({ situation: { machine, mac }, link }: Place): string {
  const cidrs = link.map(({ cidr }) => cidr).join(', ')
  if (poolsOf(link).length > 0) return `the pools of ${cidrs} are full`
  const own = machine?.interfaces.find((each) => each.mac === mac)
  return `${machine?.name} has ${own?.ipv4 ?? 'no address'} and asks from ${cidrs}, which has no pool`
}
