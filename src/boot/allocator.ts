import { basename } from 'node:path/posix'
import { choosePoolAddress, inPool, serviceAddresses } from '../inventory/addresses.ts'
import type { BootStage } from '../inventory/leases.ts'
import type { Subnet } from '../inventory/model.ts'
import { type FirmwareName, firmwareByName } from '../net/firmware.ts'
import { broadcastOf, contains, type Ipv4, maskOf } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { type BootAnswer, bootAnswer } from './answers.ts'
import { decide, type Situation } from './decide.ts'
import type { Endpoints } from './endpoints.ts'
import { type Facts, identify } from './identify.ts'

/**
 * Gives DHCP clients their addresses and boot answers. The types match those that the DHCP side
 * declares, without importing them: the composition root puts the two together.
 */

type Client = {
  readonly mac: Mac
  readonly clientId?: string
  readonly link: Ipv4
  readonly server: Ipv4
  readonly firmware: { readonly name: FirmwareName }
  readonly busId?: string
  readonly hostName?: string
}

type Grant = {
  address: Ipv4
  mask: Ipv4
  broadcast: Ipv4
  routers: readonly Ipv4[]
  dnsServers: readonly Ipv4[]
  ntpServers: readonly Ipv4[]
  domain?: string
  hostName?: string
  leaseTime: number
  boot?: BootAnswer
  reasons: readonly string[]
}

type Refusal = { refused: 'nak' | 'silence'; reason: string; actOn?: true }

/** Seconds: a registered machine keeps its address however long the service is away. */
const REGISTERED_LEASE = 43_200

export class AddressAllocator {
  readonly #facts: Facts
  readonly #endpoints: Endpoints

  constructor(facts: Facts, endpoints: Endpoints) {
    this.#facts = facts
    this.#endpoints = endpoints
  }

  offer(client: Client, requested?: Ipv4): Grant | Refusal {
    const grant = this.plan(client, requested)
    if ('address' in grant) this.#facts.leases.hold(grant.address, client.mac)
    return grant
  }

  /** RFC 2131, 4.3.2: a wrong address is refused by a NAK; about a client that Tandem knows nothing of it keeps silent. */
  request(client: Client, address: Ipv4): Grant | Refusal {
    const grant = this.plan(client, address)
    if ('address' in grant) {
      if (grant.address === address) {
        // Until the ACK is durable nobody else may ask for it: leases are committed in groups.
        this.#facts.leases.hold(address, client.mac)
        return grant
      }
      return { refused: 'nak', reason: `${address} is not its address, ${grant.address} is` }
    }
    const subnet = this.#facts.inventory.subnetOf(client.link)
    if (subnet !== undefined && !contains(subnet.cidr, address)) {
      return { refused: 'nak', reason: `${address} is not in ${subnet.cidr}, where it asks from` }
    }
    return grant
  }

  /** @throws {Error} when an address was given to a registered machine since it was granted; then no lease is made. */
  async commit(
    leases: readonly { client: Client; grant: Pick<Grant, 'address' | 'leaseTime' | 'boot'> }[]
  ): Promise<void> {
    for (const { client, grant } of leases) {
      const owner = this.#facts.inventory.machineByAddress(grant.address)
      const isOwn = owner?.interfaces.some(({ mac, ipv4 }) => mac === client.mac && ipv4 === grant.address) ?? true
      if (!isOwn) throw new Error(`${grant.address} was given to ${owner?.name} meanwhile: ask again`)
    }
    this.#facts.leases.grant(
      leases.map(({ client, grant }) => ({
        address: grant.address,
        mac: client.mac,
        clientId: client.clientId,
        hostName: client.hostName,
        ...bootStage(client, grant.boot),
        seconds: grant.leaseTime
      }))
    )
    for (const { client } of leases) if (client.busId !== undefined) await this.#learnCard(client.mac, client.busId)
  }

  /** Keeps which card a machine boots by: the loader that suits it hangs on that. Written once. */
  async #learnCard(mac: Mac, busid: string): Promise<void> {
    const { inventory } = this.#facts
    const machine = inventory.machineByMac(mac)
    if (machine === undefined || machine.facts.busid === busid) return
    const draft = inventory.draft()
    draft.putReported({ ...machine, facts: { ...machine.facts, busid } })
    await inventory.commit(draft, `machine ${machine.name}`)
  }

  /** What an offer would be, without any effect. */
  plan(client: Client, requested?: Ipv4): Grant | Refusal {
    const { inventory } = this.#facts
    const situation = identify(this.#facts, client.mac, client.firmware.name, client.link)
    const decision = decide(situation)
    const { subnet, machine } = situation
    if (subnet === undefined) return { refused: 'silence', reason: `no subnet holds ${client.link}` }
    if (decision.action === 'ignore') return { refused: 'silence', reason: decision.reasons.join('; ') }
    const fixed = inventory.fixedAddress(client.mac, subnet.cidr)
    const address = fixed ?? this.#dynamicAddress(client, subnet, requested)
    if (address === undefined) return { refused: 'silence', reason: noAddress(situation, subnet), actOn: true }
    const boot = bootAnswer(situation, decision, this.#endpoints, client.server)
    return {
      address,
      mask: maskOf(subnet.cidr),
      broadcast: broadcastOf(subnet.cidr),
      routers: subnet.gateway ? [subnet.gateway] : [],
      dnsServers: subnet.dns,
      ntpServers: subnet.ntp,
      ...(subnet.domain ? { domain: subnet.domain } : {}),
      ...(machine && machine.life.goal !== 'discover' ? { hostName: machine.name } : {}),
      leaseTime: fixed ? REGISTERED_LEASE : subnet.lease,
      ...(boot ? { boot } : {}),
      reasons: [
        `${decision.action}: ${decision.reasons.join('; ')}`,
        `${address} is ${fixed ? 'its fixed address' : `from the pool of ${subnet.cidr}`}`,
        ...noLoader(situation)
      ]
    }
  }

  /** The address it had, the one it asks for, or another free one of the pools. */
  #dynamicAddress({ mac }: Client, { cidr, pools }: Subnet, requested?: Ipv4): Ipv4 | undefined {
    const { inventory, leases } = this.#facts
    const services = serviceAddresses(inventory.list('subnet'))
    const isTaken = (address: Ipv4) =>
      leases.isTaken(address, mac) ||
      services.has(address) ||
      this.#endpoints.isOwn(address) ||
      inventory.machineByAddress(address) !== undefined
    const usable = (address: Ipv4 | undefined): address is Ipv4 =>
      address !== undefined && inPool(pools, address) && !isTaken(address)
    const had = leases.ofMac(mac).find((lease) => contains(cidr, lease.address) && usable(lease.address))
    if (had && (leases.isActive(had) || requested === undefined)) return had.address
    if (usable(requested)) return requested
    return had?.address ?? leases.heldBy(mac, usable) ?? choosePoolAddress(pools, startOf(mac), isTaken)
  }
}

function bootStage({ firmware }: Client, boot: BootAnswer | undefined): { stage: BootStage; loader?: string } {
  if (boot === undefined) return { stage: 'os' }
  if (firmware.name === 'ipxe') return { stage: 'ipxe' }
  return { stage: 'firmware', loader: basename(boot.kind === 'tftp' ? boot.file : boot.url) }
}

function noLoader({ firmware, loaderMissing }: Situation): string[] {
  if (firmware === 'unsupported') return ['no boot file: there is no loader for its architecture']
  const file = loaderMissing && firmwareByName(firmware).loader?.file
  return file ? [`no boot file: ${file} is not in the loaders' folder`] : []
}

function noAddress({ machine, mac }: Situation, subnet: Subnet): string {
  if (subnet.pools.length > 0) return `the pools of ${subnet.cidr} are full`
  const own = machine?.interfaces.find((each) => each.mac === mac)
  return `${machine?.name} has ${own?.ipv4 ?? 'no address'} and asks from ${subnet.cidr}, which has no pool`
}

/** A place to start searching a pool at, spread over the MACs (FNV-1a). */
function startOf(mac: Mac): number {
  let hash = 0x811c9dc5
  for (const character of mac) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0
  return hash
}
