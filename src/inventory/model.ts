import type { FirmwareName } from '../net/firmware.ts'
import type { Cidr, Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { OptionValues } from '../net/options/configured.ts'
import type { Life } from './lifecycle.ts'
import type { LoaderPreference, Trials } from './loader-trials.ts'

type VarMap = Record<string, unknown>

export type Interface = { mac: Mac; ipv4: Ipv4 | null; subnet: Cidr | null }

/** What a machine told of itself, through DHCP and iPXE; all of it unproven. */
export type Facts = Record<string, string>

/** The entities as they are kept: every field there, absent values null. */
export type Machine = {
  name: string
  role: string | null
  image: string | null
  interfaces: readonly Interface[]
  uuid: string | null
  serial: string | null
  disk: string | null
  localBoot: 'exit' | 'sanboot'
  /** What it is sent as a UEFI machine; `auto`: iPXE, until its firmware was seen to refuse that. */
  loader: LoaderPreference
  console: string | null
  kernelArguments: readonly string[]
  labels: Record<string, string>
  options: OptionValues
  vars: VarMap
  facts: Facts
  trials: Trials
  life: Life
}

export type Role = {
  name: string
  class: string
  kind: 'physical' | 'virtual' | null
  note: string | null
  image: string | null
  options: OptionValues
  vars: VarMap
}

/** @property size bytes. */
export type ImageFile = { name: string; sha256: string; size: number }

export type Image = {
  name: string
  family: 'debian'
  release: string
  architecture: 'amd64' | 'arm64'
  kernel: ImageFile | null
  initrd: ImageFile | null
  kernelArguments: readonly string[]
  vars: VarMap
}

export type Pool = { from: Ipv4; to: Ipv4; options?: OptionValues }

export type Subnet = {
  cidr: Cidr
  name: string | null
  gateway: Ipv4 | null
  dns: readonly Ipv4[]
  ntp: readonly Ipv4[]
  domain: string | null
  pools: readonly Pool[]
  /** Seconds, for pool addresses. */
  lease: number
  vlan: number | null
  /** The name that the subnets of one link have in common. */
  sharedNetwork: string | null
  /** Whether clients that ask for a wrong address are told so. */
  authoritative: boolean
  options: OptionValues
  vars: VarMap
}

/** What clients have in common that get options of their own: all conditions that are there must hold. */
export type ClassMatch = {
  firmware?: readonly FirmwareName[]
  /** Types of option 93. */
  architecture?: readonly number[]
  /** The beginning of option 60. */
  vendorClass?: string
  /** One of option 77's. */
  userClass?: string
  relay?: Ipv4 | Cidr
  /** The beginning of the MAC address, in whole bytes: `52:54:00`. */
  mac?: string
}

export type ClientClass = {
  name: string
  match: ClassMatch
  options: OptionValues
  note: string | null
}

/** What holds for all machines. There is always one, and it has one name. */
export type Global = {
  name: typeof GLOBAL
  options: OptionValues
  vars: VarMap
}
export const GLOBAL = 'settings'

export type Entities = {
  global: Global
  subnet: Subnet
  class: ClientClass
  image: Image
  role: Role
  machine: Machine
}
export type EntityKind = keyof Entities
/** In the order in which they refer to each other. */
export const ENTITY_KINDS = [
  'global',
  'subnet',
  'class',
  'image',
  'role',
  'machine'
] as const satisfies readonly EntityKind[]

/** The field that names an entity. */
export const KEY_FIELD = {
  global: 'name',
  subnet: 'cidr',
  class: 'name',
  image: 'name',
  role: 'name',
  machine: 'name'
} as const

export function keyOf<K extends EntityKind>(kind: K, entity: Entities[K]): string {
  return kind === 'subnet' ? (entity as Subnet).cidr : (entity as { name: string }).name
}
