import type { Machine, Pool, Role, Subnet } from '../inventory/model.ts'
import { broadcastOf, type Ipv4, maskOf } from '../net/ipv4.ts'
import { OPTION } from '../net/options/table.ts'

export type OptionSet = ReadonlyMap<number, Uint8Array | null>

/** Where a client's options come from. */
export type OptionLevels = {
  readonly subnet: Subnet
  readonly pool: Pool | undefined
  readonly role: Role | undefined
  readonly machine: Machine | undefined
}

/** The options of DHCP answers, encoded once for all clients that are told the same. */
export class OptionSets {
  readonly #bySubnet = new WeakMap<Subnet, OptionSet>()

  of({ subnet }: OptionLevels): OptionSet {
    const known = this.#bySubnet.get(subnet)
    if (known !== undefined) return known
    const options = new Map<number, Uint8Array | null>()
    const list = (option: typeof OPTION.routers, addresses: readonly Ipv4[]) => {
      if (addresses.length > 0) options.set(option.code, option.kind.write(addresses))
    }
    options.set(OPTION.subnetMask.code, OPTION.subnetMask.kind.write(maskOf(subnet.cidr)))
    list(OPTION.routers, subnet.gateway ? [subnet.gateway] : [])
    list(OPTION.dnsServers, subnet.dns)
    if (subnet.domain) options.set(OPTION.domain.code, OPTION.domain.kind.write(subnet.domain))
    options.set(OPTION.broadcast.code, OPTION.broadcast.kind.write(broadcastOf(subnet.cidr)))
    list(OPTION.ntpServers, subnet.ntp)
    this.#bySubnet.set(subnet, options)
    return options
  }
}
