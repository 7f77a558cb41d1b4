import { type Ipv4, ipv4ToNumber, networkAddress, prefixOf } from '../net/ipv4.ts'
import type { Subnet } from './model.ts'

/** The subnets as they are at one time, arranged for what every DHCP packet asks. */
export class SubnetIndex {
  readonly all: readonly Subnet[]
  /** By how many addresses a network has, and which of the networks of that size it is. */
  readonly #bySize: readonly { readonly size: number; readonly networks: ReadonlyMap<number, Subnet> }[]
  readonly #bySharedNetwork: ReadonlyMap<string | null, readonly Subnet[]>
  readonly #services = new Set<Ipv4>()

  constructor(subnets: Iterable<Subnet>) {
    this.all = [...subnets]
    this.#bySharedNetwork = Map.groupBy(this.all, ({ sharedNetwork }) => sharedNetwork)
    const bySize = new Map<number, Map<number, Subnet>>()
    for (const subnet of this.all) {
      const size = 2 ** (32 - prefixOf(subnet.cidr))
      const networks = bySize.get(size) ?? new Map<number, Subnet>()
      bySize.set(size, networks.set(ipv4ToNumber(networkAddress(subnet.cidr)) / size, subnet))
      for (const address of [subnet.gateway, ...subnet.dns, ...subnet.ntp]) {
        if (address !== null) this.#services.add(address)
      }
    }
    this.#bySize = Array.from(bySize, ([size, networks]) => ({ size, networks }))
  }

  /** The subnet that an address lies in; subnets never overlap. */
  of(address: Ipv4): Subnet | undefined {
    const value = ipv4ToNumber(address)
    for (const { size, networks } of this.#bySize) {
      const subnet = networks.get(Math.floor(value / size))
      if (subnet !== undefined) return subnet
    }
    return undefined
  }

  /** The subnets of one link: a subnet, and after it those of the same shared network. */
  linkOf(subnet: Subnet): readonly [Subnet, ...Subnet[]] {
    if (subnet.sharedNetwork === null) return [subnet]
    const together = this.#bySharedNetwork.get(subnet.sharedNetwork) ?? []
    return [subnet, ...together.filter(({ cidr }) => cidr !== subnet.cidr)]
  }

  /** Whether an address is a gateway, DNS or NTP server of any subnet: nobody is given it by itself. */
  isService(address: Ipv4): boolean {
    return this.#services.has(address)
  }
}
