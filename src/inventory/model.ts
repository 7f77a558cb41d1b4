import { type Static, Type } from 'typebox'
import type { Cidr, Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { choice } from '../net/validation.ts'
import type { Life } from './lifecycle.ts'

/**
 * The entities that administrators write, as REST and YAML take them. The schemas check the shape;
 * normalize.ts checks what a shape can't say and gives each value its canonical spelling.
 */

const strict = { additionalProperties: false } as const
const Vars = Type.Record(Type.String({ pattern: '^[a-z_][a-z0-9_]{0,62}$' }), Type.Unknown(), {
  ...strict,
  description: 'Values for templates: lower-case names, any JSON values.'
})
const KernelArguments = Type.Array(Type.String({ minLength: 1, maxLength: 512, pattern: '^[!-~]+$' }), {
  maxItems: 64,
  description: 'Extra words of the kernel command line; a word has no spaces.'
})
const Note = Type.String({ maxLength: 1000 })
const RoleName = Type.String({
  maxLength: 200,
  pattern: '^[a-z][a-z0-9_]*(::[a-z][a-z0-9_]*)*$',
  description: 'As Puppet writes classes: openstack::nova::api.'
})
const ImageName = Type.String({ maxLength: 63, pattern: '^[a-z0-9][a-z0-9._-]*$' })

const InterfaceInput = Type.Object(
  {
    mac: Type.String({ description: 'Any usual spelling: 52:54:00:00:00:0a.' }),
    ipv4: Type.Optional(Type.String({ description: 'A fixed address. Left out: one is chosen at once.' })),
    subnet: Type.Optional(Type.String({ description: 'The subnet to choose the address from.' }))
  },
  strict
)

export const MachineInput = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
      description: 'The host name: one label of RFC 1123, lower case; the domain comes from the subnet.'
    }),
    role: Type.Optional(RoleName),
    image: Type.Optional(ImageName),
    interfaces: Type.Array(InterfaceInput, { minItems: 1, maxItems: 32 }),
    uuid: Type.Optional(Type.String({ description: 'SMBIOS system UUID.' })),
    serial: Type.Optional(Type.String({ maxLength: 128 })),
    disk: Type.Optional(
      Type.String({
        pattern: '^/dev/[A-Za-z0-9/._:+-]+$',
        description: 'The disk to install on. Left out: the only one there is.'
      })
    ),
    localBoot: Type.Optional(
      choice(['exit', 'sanboot'], { description: 'How a BIOS machine goes from iPXE to its disk. Default exit.' })
    ),
    console: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9,.:-]{1,64}$', description: "The kernel's console: ttyS0,115200n8." })
    ),
    kernelArguments: Type.Optional(KernelArguments),
    labels: Type.Optional(Type.Record(Type.String({ pattern: '^.{1,63}$' }), Type.String({ maxLength: 255 }), strict)),
    vars: Type.Optional(Vars)
  },
  strict
)

export const RoleInput = Type.Object(
  {
    name: RoleName,
    class: Type.Optional(
      Type.String({
        maxLength: 200,
        pattern: '^[a-z][a-z0-9_]*(::[a-z][a-z0-9_]*)*$',
        description: 'Puppet class. Default role::NAME.'
      })
    ),
    kind: Type.Optional(choice(['physical', 'virtual'])),
    note: Type.Optional(Note),
    image: Type.Optional(ImageName),
    vars: Type.Optional(Vars)
  },
  strict
)

const ImageFileInput = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    size: Type.Integer({ minimum: 1, description: 'Bytes.' })
  },
  strict
)

export const ImageInput = Type.Object(
  {
    name: ImageName,
    family: choice(['debian']),
    release: Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,31}$', description: 'bookworm' }),
    architecture: choice(['amd64', 'arm64']),
    kernel: Type.Optional(ImageFileInput),
    initrd: Type.Optional(ImageFileInput),
    kernelArguments: Type.Optional(KernelArguments),
    vars: Type.Optional(Vars)
  },
  strict
)

export const SubnetInput = Type.Object(
  {
    cidr: Type.String({ description: '10.77.0.0/24' }),
    name: Type.Optional(Type.String({ maxLength: 63 })),
    gateway: Type.Optional(Type.String()),
    dns: Type.Optional(Type.Array(Type.String(), { maxItems: 8 })),
    ntp: Type.Optional(Type.Array(Type.String(), { maxItems: 8 })),
    domain: Type.Optional(
      Type.String({ maxLength: 253, pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$' })
    ),
    pools: Type.Optional(
      Type.Array(Type.Object({ from: Type.String(), to: Type.String() }, strict), {
        maxItems: 16,
        description: 'Addresses for machines that nobody registered. None: such machines get no answer.'
      })
    ),
    lease: Type.Optional(
      Type.Integer({ minimum: 120, maximum: 604800, description: 'Seconds, for pool addresses. Default 3600.' })
    ),
    vlan: Type.Optional(Type.Integer({ minimum: 1, maximum: 4094 })),
    vars: Type.Optional(Vars)
  },
  strict
)

export type MachineInput = Static<typeof MachineInput>
export type RoleInput = Static<typeof RoleInput>
export type ImageInput = Static<typeof ImageInput>
export type SubnetInput = Static<typeof SubnetInput>
export type ImageFile = Static<typeof ImageFileInput>
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
  console: string | null
  kernelArguments: readonly string[]
  labels: Record<string, string>
  vars: VarMap
  facts: Facts
  life: Life
}

export type Role = {
  name: string
  class: string
  kind: 'physical' | 'virtual' | null
  note: string | null
  image: string | null
  vars: VarMap
}

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

export type Pool = { from: Ipv4; to: Ipv4 }

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
  vars: VarMap
}

export type Entities = { machine: Machine; role: Role; image: Image; subnet: Subnet }
export type EntityKind = keyof Entities
export const ENTITY_KINDS = ['subnet', 'image', 'role', 'machine'] as const satisfies readonly EntityKind[]

/** The field that names an entity. */
export const KEY_FIELD = { machine: 'name', role: 'name', image: 'name', subnet: 'cidr' } as const

export function keyOf<K extends EntityKind>(kind: K, entity: Entities[K]): string {
  return kind === 'subnet' ? (entity as Subnet).cidr : (entity as { name: string }).name
}
