import type { FirmwareName } from '../net/firmware.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { BootAnswer } from './answers.ts'
import type { OptionSet } from './option-sets.ts'

/**
 * DHCP clients and what they are told. The types match those that the DHCP side declares, without importing them:
 * the composition root puts the two together.
 */

export type Client = {
  readonly mac: Mac
  readonly clientId?: string | undefined
  readonly link: Ipv4
  readonly relay?: Ipv4 | undefined
  readonly server: Ipv4
  readonly firmware: { readonly name: FirmwareName }
  readonly architectures: readonly number[]
  readonly vendorClass?: string | undefined
  readonly userClasses: readonly string[]
  readonly busId?: string | undefined
  readonly hostName?: string | undefined
}

export type Information = {
  options: OptionSet
  hostName?: string | undefined
  boot?: BootAnswer | undefined
  reasons: readonly string[]
}
export type Grant = Information & { address: Ipv4; leaseTime: number }
export type Refusal = { refused: 'nak' | 'silence'; reason: string; actOn?: true }
export type Ending = { refused?: never; reason: string; actOn?: true }
