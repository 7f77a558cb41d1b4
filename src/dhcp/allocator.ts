import type { Firmware } from '../net/firmware.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'

/** What a DHCP client told of itself: all that an answer may depend on. */
export type Client = {
  readonly mac: Mac
  /** Option 61 as sent, hexadecimal. */
  readonly clientId?: string | undefined
  /**
   * An address on the client's link: that of the relay agent (link selection, or giaddr), one that the client selects
   * itself (RFC 3011), its own where it renews by unicast, or that of the interface the packet came in on.
   */
  readonly link: Ipv4
  /** The relay agent (giaddr), where there is one. */
  readonly relay?: Ipv4 | undefined
  /** This instance's address on the interface the packet came in on: what the client can reach it at. */
  readonly server: Ipv4
  readonly firmware: Firmware
  /** Types of option 93, the client's favourite first. */
  readonly architectures: readonly number[]
  /** Option 60. */
  readonly vendorClass?: string | undefined
  /** Option 77's. */
  readonly userClasses: readonly string[]
  /** Option 97 in the form SMBIOS prints, lower case: `44454c4c-4c42-0010-8035-80b4c04f4e43`. */
  readonly uuid?: string | undefined
  /** Which network card iPXE drives, as it prints `busid`: type, vendor, device, `01:1a:f4:10:00`. */
  readonly busId?: string | undefined
  /** Option 12. */
  readonly hostName?: string | undefined
}

/** RFC 2131, section 4.3.2. Renewing is told from rebinding by how it was sent, not by what it says. */
export type RequestState = 'selecting' | 'init-reboot' | 'renewing' | 'rebinding'

/** How a client goes on from its lease. */
export type BootAnswer =
  /** The firmware fetches a loader by TFTP: siaddr, file, options 66 and 67. */
  | { readonly kind: 'tftp'; readonly server: Ipv4; readonly file: string }
  /** UEFI HTTP Boot: the URL in file or option 67, option 60 `HTTPClient`. */
  | { readonly kind: 'http'; readonly server: Ipv4; readonly url: string }
  /** iPXE: the URL of its script; option 175.176 = 1, so that it doesn't wait for a ProxyDHCP. */
  | { readonly kind: 'script'; readonly server: Ipv4; readonly url: string }

/** What a client is told beside its address. */
export type Information = {
  /**
   * The options by code, the subnet mask among them; null where an administrator wants one not to be
   * sent. Shared between answers: not to be changed.
   */
  readonly options: ReadonlyMap<number, Uint8Array | null>
  readonly hostName?: string | undefined
  readonly boot?: BootAnswer | undefined
  /** Why this address and this boot answer, a sentence each. */
  readonly reasons: readonly string[]
}

/** A lease that the client may have. */
export type Grant = Information & {
  readonly address: Ipv4
  /** Seconds, as of the answer. */
  readonly leaseTime: number
}

/** Nothing is given. `nak`: tell the client that its address is wrong (RFC 2131, 4.3.2); `silence`: say nothing. */
export type Refusal = {
  readonly refused: 'nak' | 'silence'
  readonly reason: string
  /** A person has to put something right, such as a pool that is full. */
  readonly actOn?: true
}

/** What a client did with its address, and what that changes. */
export type Ending = {
  readonly refused?: never
  readonly reason: string
  readonly actOn?: true
}

/** A change of a lease that is to be made durable. */
export type LeaseChange =
  | { readonly kind: 'grant'; readonly client: Client; readonly grant: Grant }
  /** The client gave its address back, or found another host using it. */
  | { readonly kind: 'release' | 'decline'; readonly client: Client; readonly address: Ipv4 }

/** What the DHCP side needs from the rest of Tandem. */
export interface Allocator {
  /** Whether the client is a machine of the inventory: in a flood those come first. */
  isRegistered(mac: Mac): boolean
  /** Answers a DISCOVER. The address is held for the client for a short while; nothing is written. */
  offer(client: Client, requested?: Ipv4): Grant | Refusal
  /**
   * Answers a REQUEST for an address. Nothing is durable before {@link commit}; likewise the others.
   * @param ofPartner it was offered by the other instance, which is gone. What is not granted is to be refused by `nak`, so
   *   that the client begins again at once; `silence` is for clients that get no answer at all.
   */
  request(client: Client, address: Ipv4, state: RequestState, ofPartner: boolean): Grant | Refusal
  /** Answers a BOOTP request (RFC 951): an address for as long as the machine is registered. */
  bootp(client: Client): Grant | Refusal
  /** Answers an INFORM of a client that has its address from elsewhere. */
  inform(client: Client, address: Ipv4): Information | Refusal
  /** What a RELEASE changes. */
  release(client: Client, address: Ipv4): Ending | Refusal
  /** What a DECLINE changes. */
  decline(client: Client, address: Ipv4): Ending | Refusal
  /**
   * Makes changes durable, all in one transaction; an ACK leaves only after it resolves.
   * @returns the reasons of those that could not be made because of what happened since they were granted.
   */
  commit(changes: readonly LeaseChange[]): Promise<ReadonlyMap<LeaseChange, string>>
}
