import type { Firmware } from '../net/firmware.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'

/** What a DHCP client told of itself: all that an answer may depend on. */
export type Client = {
  readonly mac: Mac
  /** Option 61 as sent, hexadecimal. */
  readonly clientId?: string
  /**
   * An address on the client's link: that of the relay agent (giaddr, or link selection), the client's
   * own where it renews by unicast, or that of the interface the packet came in on.
   */
  readonly link: Ipv4
  /** This instance's address on the interface the packet came in on: what the client can reach it at. */
  readonly server: Ipv4
  readonly firmware: Firmware
  /** Option 97 in the form SMBIOS prints, lower case: `44454c4c-4c42-0010-8035-80b4c04f4e43`. */
  readonly uuid?: string
  /** Which network card iPXE drives, as it prints `busid`: type, vendor, device, `01:1a:f4:10:00`. */
  readonly busId?: string
  /** Option 12. */
  readonly hostName?: string
}

/** How a client goes on from its lease. */
export type BootAnswer =
  /** The firmware fetches a loader by TFTP: siaddr, file, options 66 and 67. */
  | { readonly kind: 'tftp'; readonly server: Ipv4; readonly file: string }
  /** UEFI HTTP Boot: the URL in file or option 67, option 60 `HTTPClient`. */
  | { readonly kind: 'http'; readonly server: Ipv4; readonly url: string }
  /** iPXE: the URL of its script; option 175.176 = 1, so that it doesn't wait for a ProxyDHCP. */
  | { readonly kind: 'script'; readonly server: Ipv4; readonly url: string }

/** A lease that the client may have, with the options of its subnet. */
export type Grant = {
  readonly address: Ipv4
  readonly mask: Ipv4
  readonly broadcast: Ipv4
  readonly routers: readonly Ipv4[]
  readonly dnsServers: readonly Ipv4[]
  readonly ntpServers: readonly Ipv4[]
  readonly domain?: string
  readonly hostName?: string
  /** Seconds, as of the answer. */
  readonly leaseTime: number
  readonly boot?: BootAnswer
  /** Why this address and this boot answer, a sentence each. */
  readonly reasons: readonly string[]
}

/** No lease. `nak`: tell the client that its address is wrong (RFC 2131, 4.3.2); `silence`: say nothing. */
export type Refusal = {
  readonly refused: 'nak' | 'silence'
  readonly reason: string
  /** A person has to put something right, such as a pool that is full. */
  readonly actOn?: true
}

/** What the DHCP side needs from the rest of Tandem. */
export interface Allocator {
  /** Answers a DISCOVER. The address is held for the client for a short while; nothing is written. */
  offer(client: Client, requested?: Ipv4): Grant | Refusal
  /** Answers a REQUEST for an address. Nothing is durable before {@link commit}. */
  request(client: Client, address: Ipv4): Grant | Refusal
  /** Makes granted leases durable, all in one transaction; an ACK leaves only after it resolves. */
  commit(leases: readonly { client: Client; grant: Grant }[]): Promise<void>
}
