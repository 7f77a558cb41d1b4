import { type Ipv4, isHostAddress } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { type Chosen, chooseFixedAddress } from './addresses.ts'
import { InventoryError } from './errors.ts'
import type { Interface, Machine, Subnet } from './model.ts'
import type { SubnetIndex } from './subnet-index.ts'

/** The uses of addresses, with a draft's changes. */
export interface AddressView {
  /** Another machine than this one with the address. */
  machineByAddress(address: Ipv4, except: string): Machine | undefined
  /** Who else uses an address, as a phrase for an error message: an instance's own interface, a lease. */
  usedBy(address: Ipv4, macs: readonly string[]): string | undefined
  /** The address a MAC holds a lease on now. */
  leasedAddress(mac: Mac): Ipv4 | undefined
  /** Whether an address is of those that this instance may choose by itself. */
  isForHere(address: Ipv4): boolean
  /** Where the next address is looked for. */
  readonly chosen: Chosen
}

/**
 * A machine's interfaces, each with a fixed address: the one that was given, where nothing else uses it, or one chosen.
 * @param before the machine as it was: a lease of an interface that was exchanged is in nobody's way.
 * @throws {InventoryError} `invalid`, `taken` or `no-address`.
 */
export function settleInterfaces(
  view: AddressView,
  subnets: SubnetIndex,
  machine: Machine,
  before?: Machine
): Interface[] {
  const macs = [...machine.interfaces, ...(before?.interfaces ?? [])].map(({ mac }) => mac)
  const own = new Set<Ipv4>()
  for (const { ipv4 } of machine.interfaces) {
    if (ipv4 === null) continue
    if (own.has(ipv4)) throw new InventoryError('taken', `${ipv4} belongs to another interface of it`)
    own.add(ipv4)
  }

  const ownerOf = (address: Ipv4): string | undefined => {
    const routed = subnets.isService(address) && subnets.all.find(({ gateway }) => gateway === address)
    if (routed) return `the gateway of ${routed.cidr}`
    const other = view.machineByAddress(address, machine.name)
    return other ? `machine ${other.name}` : view.usedBy(address, macs)
  }
  const isTaken = (address: Ipv4) => own.has(address) || subnets.isService(address) || ownerOf(address) !== undefined

  return machine.interfaces.map((each) => {
    if (each.ipv4 !== null) {
      const subnet = subnetOfHost(subnets, each.ipv4)
      const owner = ownerOf(each.ipv4)
      if (owner !== undefined) throw new InventoryError('taken', `${each.ipv4} belongs to ${owner}`)
      return { ...each, subnet: subnet.cidr }
    }
    const subnet = subnetFor(view, subnets, each)
    // One of the other instance's share is the machine's only once that one knows.
    const ipv4 = chooseFixedAddress(subnet, isTaken, (address) => view.isForHere(address), view.chosen)
    if (ipv4 === undefined) throw new InventoryError('no-address', `${subnet.cidr} has no free address for ${each.mac}`)
    own.add(ipv4)
    return { ...each, ipv4, subnet: subnet.cidr }
  })
}

function subnetOfHost(subnets: SubnetIndex, ipv4: Ipv4): Subnet {
  const subnet = subnets.of(ipv4)
  if (subnet === undefined) {
    throw InventoryError.invalid([{ field: 'ipv4', message: `${ipv4} is in no subnet: add its subnet first` }])
  }
  if (!isHostAddress(subnet.cidr, ipv4)) {
    throw InventoryError.invalid([{ field: 'ipv4', message: `${ipv4} is not a host's address in ${subnet.cidr}` }])
  }
  return subnet
}

/** The subnet named, else the one it was seen in, else the only one there is to choose. */
function subnetFor(view: AddressView, subnets: SubnetIndex, { mac, subnet: name }: Interface): Subnet {
  const { all } = subnets
  if (name !== null) {
    const named = all.find(({ cidr }) => cidr === name)
    if (named) return named
    throw InventoryError.invalid([{ field: 'subnet', message: `there is no subnet ${name}` }])
  }
  const leased = view.leasedAddress(mac)
  const seen = leased && subnets.of(leased)
  if (seen) return seen
  const pooled = all.filter((subnet) => subnet.pools.length > 0)
  const only = all.length === 1 ? all[0] : pooled.length === 1 ? pooled[0] : undefined
  if (only) return only
  const message =
    all.length === 0
      ? 'there is no subnet to take an address from: add one first'
      : `name a subnet or an address for ${mac}; there are ${all.map((subnet) => subnet.cidr).join(', ')}`
  throw InventoryError.invalid([{ field: 'subnet', message }])
}
