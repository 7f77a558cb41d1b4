import { type Static, Type } from 'typebox'
import { FIRMWARE_NAMES } from '../net/firmware.ts'
import { choice } from '../net/validation.ts'
import { LOADER_CHOICES } from './loader-trials.ts'

/**
 * What administrators write, as REST and YAML take it. The schemas check the shape;
 * normalize.ts checks what a shape can't say and gives each value its canonical spelling.
 */

const strict = { additionalProperties: false } as const
const Vars = Type.Record(Type.String({ pattern: '^[a-z_][a-z0-9_]{0,62}$' }), Type.Unknown(), {
  ...strict,
  description: 'Values for templates: lower-case names, any JSON values.'
})
const Options = Type.Record(Type.String(), Type.Unknown(), {
  description:
    'DHCP options by name (`domain-search`), or by code with the value in hex (`224`); null: not to be sent. ' +
    'Of several levels the last one counts: global, subnet, pool, role, classes, machine.'
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
/** What a client sends as text. */
const sent = { minLength: 1, maxLength: 255 }
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
    loader: Type.Optional(
      choice(LOADER_CHOICES, {
        description:
          "What a UEFI machine is sent: iPXE, or Debian's signed GRUB, for Secure Boot. " +
          'Default auto: iPXE, until its firmware has taken it twice and not started it.'
      })
    ),
    console: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9,.:-]{1,64}$', description: "The kernel's console: ttyS0,115200n8." })
    ),
    kernelArguments: Type.Optional(KernelArguments),
    labels: Type.Optional(Type.Record(Type.String({ pattern: '^.{1,63}$' }), Type.String({ maxLength: 255 }), strict)),
    options: Type.Optional(Options),
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
    options: Type.Optional(Options),
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

const PoolInput = Type.Object({ from: Type.String(), to: Type.String(), options: Type.Optional(Options) }, strict)

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
      Type.Array(PoolInput, {
        maxItems: 16,
        description: 'Addresses for machines that nobody registered. None: such machines get no answer.'
      })
    ),
    lease: Type.Optional(
      Type.Integer({ minimum: 120, maximum: 604800, description: 'Seconds, for pool addresses. Default 3600.' })
    ),
    vlan: Type.Optional(Type.Integer({ minimum: 1, maximum: 4094 })),
    sharedNetwork: Type.Optional(
      Type.String({
        maxLength: 63,
        pattern: '^[a-z0-9][a-z0-9._-]*$',
        description: 'Subnets that name the same one are on one link: a client there may get an address of any of them.'
      })
    ),
    authoritative: Type.Optional(
      Type.Boolean({
        description:
          'Whether clients that ask for a wrong address are told so (NAK). Default true; false: they get no answer.'
      })
    ),
    options: Type.Optional(Options),
    vars: Type.Optional(Vars)
  },
  strict
)

export const ClassInput = Type.Object(
  {
    name: Type.String({
      maxLength: 63,
      pattern: '^[a-z0-9][a-z0-9._-]*$',
      description: 'Classes apply in the order of their names: what a later one says counts over an earlier one.'
    }),
    match: Type.Object(
      {
        firmware: Type.Optional(Type.Array(choice(FIRMWARE_NAMES), { minItems: 1, description: 'Any of these.' })),
        architecture: Type.Optional(
          Type.Array(Type.Integer({ minimum: 0, maximum: 65535 }), {
            minItems: 1,
            description: 'Any of these processor architecture types is among those of option 93.'
          })
        ),
        vendorClass: Type.Optional(Type.String({ ...sent, description: 'What option 60 begins with: PXEClient.' })),
        userClass: Type.Optional(Type.String({ ...sent, description: 'One of the user classes of option 77: iPXE.' })),
        relay: Type.Optional(Type.String({ description: "The relay agent's address (giaddr), or its network." })),
        mac: Type.Optional(Type.String({ description: 'What the MAC address begins with, 1 to 6 bytes: 52:54:00.' }))
      },
      { ...strict, description: 'All conditions that are given must hold; at least one is needed.' }
    ),
    options: Type.Optional(Options),
    note: Type.Optional(Note)
  },
  strict
)

export const GlobalInput = Type.Object(
  { options: Type.Optional(Options), vars: Type.Optional(Vars) },
  { ...strict, description: 'What holds for all machines, where nothing more special says otherwise.' }
)

export type MachineInput = Static<typeof MachineInput>
export type RoleInput = Static<typeof RoleInput>
export type ImageInput = Static<typeof ImageInput>
export type SubnetInput = Static<typeof SubnetInput>
export type ClassInput = Static<typeof ClassInput>
export type GlobalInput = Static<typeof GlobalInput>
