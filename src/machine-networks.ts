import { networkInterfaces } from 'node:os'
import type { Endpoints } from './boot/endpoints.ts'
import type { AddressUse, Inventory } from './inventory/inventory.ts'
import type { Leases } from './inventory/leases.ts'
import { type HostInterface, onNetwork } from './net/interfaces.ts'
import type { Ipv4 } from './net/ipv4.ts'
import type { Mac } from './net/mac.ts'
import { StartError } from './start-error.ts'

/** Which addresses are in use, and which belong to the machines' side. */
export class MachineNetworks implements AddressUse {
  readonly #interfaces: readonly HostInterface[]
  readonly #leases: Leases
  readonly #endpoints: Endpoints

  constructor(interfaces: readonly HostInterface[], leases: Leases, endpoints: Endpoints) {
    this.#interfaces = interfaces
    this.#leases = leases
    this.#endpoints = endpoints
  }

  usedBy(address: Ipv4, macs: readonly string[]): string | undefined {
    if (this.#endpoints.isOwn(address)) return 'this instance itself'
    if (this.#endpoints.isPeers(address)) return 'the other instance itself'
    if (this.#leases.isDeclined(address)) return 'a host that nobody gave it to: a client declined it'
    const holder = this.#leases.holderOf(address)
    return holder !== undefined && !macs.includes(holder) ? `a lease of ${holder}` : undefined
  }

  isForHere(address: Ipv4): boolean {
    return this.#leases.isForHere(address)
  }

  leasedAddress(mac: Mac): Ipv4 | undefined {
    return this.#leases.activeOfMac(mac)?.address
  }

  /** @throws {StartError} when the admin side would listen where only machines are. */
  refuseAsAdmin(address: Ipv4): void {
    const clash = this.#interfaces.find((each) => each.address === address && !isLoopback(address))
    if (!clash) return
    throw new StartError(
      `admin.listen ${address} is the address of the provisioning interface ${clash.name}, and machines must not reach the admin side: use 127.0.0.1 or another interface's address`
    )
  }

  /**
   * Whether a connection came in through a provisioning interface. Linux accepts packets for any of
   * its addresses on any interface, so the address that was reached tells nothing: what tells is
   * who asks, a neighbour there or a client of a relayed subnet.
   */
  fromMachines(remote: string, local: string, inventory: Inventory): boolean {
    const address = remote.replace(/^::ffff:/, '') as Ipv4
    if (isLoopback(address) || isOfThisHost(address)) return false
    const reached = local.replace(/^::ffff:/, '')
    if (this.#endpoints.isOwn(reached) && !isLoopback(reached)) return true
    return (
      onNetwork(
        this.#interfaces.filter((each) => !isLoopback(each.address)),
        address
      ) || inventory.subnetOf(address) !== undefined
    )
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

function isOfThisHost(address: string): boolean {
  return Object.values(networkInterfaces()).some((list) => list?.some((each) => each.address === address))
}
