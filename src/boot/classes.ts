import type { ClassMatch, ClientClass } from '../inventory/model.ts'
import type { FirmwareName } from '../net/firmware.ts'
import { type Cidr, contains, type Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'

/** What a client told of itself, as far as classes ask. */
export type ClassifiedClient = {
  readonly mac: Mac
  readonly firmware: { readonly name: FirmwareName }
  /** Types of option 93. */
  readonly architectures: readonly number[]
  /** Option 60. */
  readonly vendorClass?: string | undefined
  /** Option 77's. */
  readonly userClasses: readonly string[]
  /** giaddr, where there is a relay agent. */
  readonly relay?: Ipv4 | undefined
}

/** The classes that a client is of, by name: the order in which they apply. */
export function matchingClasses(classes: Iterable<ClientClass>, client: ClassifiedClient): readonly ClientClass[] {
  const matching: ClientClass[] = []
  for (const each of classes) if (matches(each.match, client)) matching.push(each)
  return matching.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Whether all conditions that are there hold. */
function matches(match: ClassMatch, client: ClassifiedClient): boolean {
  const { firmware, architecture, vendorClass, userClass, relay, mac } = match
  return (
    (firmware === undefined || firmware.includes(client.firmware.name)) &&
    (architecture === undefined || architecture.some((type) => client.architectures.includes(type))) &&
    (vendorClass === undefined || client.vendorClass?.startsWith(vendorClass) === true) &&
    (userClass === undefined || client.userClasses.includes(userClass)) &&
    (relay === undefined || (client.relay !== undefined && isAtOrIn(client.relay, relay))) &&
    (mac === undefined || client.mac.startsWith(mac))
  )
}

function isAtOrIn(address: Ipv4, place: Ipv4 | Cidr): boolean {
  return place.includes('/') ? contains(place as Cidr, address) : place === address
}
