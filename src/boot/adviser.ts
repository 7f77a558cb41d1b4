import { basename } from 'node:path/posix'
import type { Inventory } from '../inventory/inventory.ts'
import { contains, type Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { AddressAllocator } from './allocator.ts'
import type { Client, Information, Refusal } from './client.ts'
import type { Sightings } from './sightings.ts'

type Sighting = { client: Client; address: Ipv4; certain: boolean }

/**
 * Tells clients what they boot where another DHCP server gives the addresses, and takes down where they are. The types
 * match those that the DHCP side declares, as those of {@link AddressAllocator} do.
 */
export class Adviser {
  readonly #inventory: Inventory
  readonly #sightings: Sightings
  readonly #allocator: AddressAllocator

  constructor(inventory: Inventory, sightings: Sightings, allocator: AddressAllocator) {
    this.#inventory = inventory
    this.#sightings = sightings
    this.#allocator = allocator
  }

  isRegistered(mac: Mac): boolean {
    return this.#allocator.isRegistered(mac)
  }

  advise(client: Client): Information | Refusal {
    return this.#allocator.advise(client)
  }

  async commit<T extends Sighting>(sightings: readonly T[]): Promise<ReadonlyMap<T, string>> {
    for (const sighting of sightings) this.#note(sighting)
    await this.#allocator.learn(sightings.map(({ client }) => client))
    return new Map()
  }

  /** An address of another network is one that the client had there: it won't get it here. */
  #note({ client, address, certain }: Sighting): void {
    const subnet = this.#inventory.subnetOf(client.link)
    const link = subnet ? this.#inventory.subnetsOfLink(subnet) : []
    if (!link.some(({ cidr }) => contains(cidr, address))) return
    this.#sightings.note(client.mac, address, this.#loaderOf(client), certain)
  }

  /** What the client's firmware was sent to load: iPXE that comes after it was loaded by it. */
  #loaderOf(client: Client): string | null {
    if (client.firmware.name === 'ipxe') return this.#sightings.of(client.mac)?.loader ?? null
    const advice = client.firmware.name === 'os' ? undefined : this.#allocator.advise(client)
    const boot = advice && 'boot' in advice ? advice.boot : undefined
    if (boot === undefined) return null
    return basename(boot.kind === 'tftp' ? boot.file : boot.url)
  }
}
