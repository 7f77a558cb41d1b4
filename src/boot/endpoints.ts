import { type Cidr, contains, type Ipv4 } from '../net/ipv4.ts'

/** An interface that machines are on: the address that they reach this instance at, and the network around it. */
export type ProvisioningInterface = { readonly name: string; readonly address: Ipv4; readonly network: Cidr }

/** Where machines reach the other instance of a pair. */
export type Reach = {
  readonly interfaces: readonly ProvisioningInterface[]
  /** Ports. */
  readonly http: number
  readonly dhcp: number
}

/**
 * Where machines reach this instance. URLs are made from configured addresses, never from a
 * request's `Host`: UEFI HTTP Boot leaves out the port there.
 */
export class Endpoints {
  readonly #interfaces: readonly ProvisioningInterface[]
  readonly #httpPort: number

  readonly #peer: () => Reach | undefined

  constructor(
    interfaces: readonly ProvisioningInterface[],
    httpPort: number,
    peer: () => Reach | undefined = () => undefined
  ) {
    this.#interfaces = interfaces
    this.#httpPort = httpPort
    this.#peer = peer
  }

  /** The address for a machine: that of the interface whose network it is on, else the first. */
  addressFor(machine: Ipv4 | undefined): Ipv4 {
    const near = machine && this.#interfaces.find((each) => contains(each.network, machine))
    return (near ?? (this.#interfaces[0] as ProvisioningInterface)).address
  }

  /** Whether an address is one of this instance's own. */
  isOwn(address: string): boolean {
    return this.#interfaces.some((each) => each.address === address)
  }

  /** Where the other instance is on the network of one of this one's addresses. */
  peerFor(server: Ipv4): { address: Ipv4; http: number; dhcp: number } | undefined {
    const peer = this.#peer()
    const own = this.#interfaces.find((each) => each.address === server)
    const near = peer?.interfaces.find((each) => each.network === own?.network && each.address !== server)
    return peer && near && { address: near.address, http: peer.http, dhcp: peer.dhcp }
  }

  /** The other instance's URL of a path, for a machine that uses one of this one's addresses. */
  peerUrl(server: Ipv4, path: string): string | undefined {
    const peer = this.peerFor(server)
    return peer && `http://${peer.address}${peer.http === 80 ? '' : `:${peer.http}`}${path}`
  }

  /** Whether an address is one of the other instance's. */
  isPeers(address: string): boolean {
    return this.#peer()?.interfaces.some((each) => each.address === address) ?? false
  }

  url(server: Ipv4, path: string): string {
    return `http://${server}${this.#httpPort === 80 ? '' : `:${this.#httpPort}`}${path}`
  }
}

export const paths = {
  script: (mac: string) => `/boot/${mac}/ipxe`,
  facts: (mac: string) => `/boot/${mac}/facts`,
  loader: (file: string) => `/boot/loaders/${file}`,
  file: (image: string, sha256: string, file: string) => `/boot/files/${image}/${sha256}/${file}`,
  preseed: (token: string) => `/boot/attempts/${token}/preseed`,
  status: (token: string) => `/boot/attempts/${token}/status`
}
