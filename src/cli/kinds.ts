import type { Command } from 'commander'
import { FIRMWARE_NAMES } from '../net/firmware.ts'
import { given, several } from './context.ts'
import { UsageError } from './errors.ts'
import { optionsOf, varsOf, withOptions, withVars } from './fields.ts'
import { type Column, column } from './output.ts'

export type Fields = Record<string, string | undefined> & {
  var?: string[]
  option?: string[]
  kernelArgument?: string[]
  dns?: string[]
  ntp?: string[]
  pool?: string[]
  firmware?: string[]
  architecture?: string[]
  authoritative?: boolean
}

/** What the commands of a kind of entity are made of. */
export type Kind = {
  name: 'role' | 'image' | 'subnet' | 'class'
  plural: string
  key: string
  about: string
  columns: readonly Column[]
  options: (command: Command) => Command
  /** What `--unset` takes, for its help. */
  removable: string
  body: (fields: Fields) => Record<string, unknown>
}

export const KINDS: readonly Kind[] = [
  {
    name: 'role',
    plural: 'roles',
    key: 'name',
    about: 'what machines become',
    removable: 'note, image, option.NAME, var.NAME',
    columns: [column('name'), column('class'), column('kind'), column('image'), column('note')],
    options: (command) =>
      withVars(
        withOptions(
          command
            .option('--class <class>', 'its Puppet class; default role::NAME')
            .option('--kind <kind>', 'physical or virtual')
            .option('--note <text>')
            .option('--image <image>', 'the operating system of its machines'),
          'its machines'
        )
      ),
    body: ({ class: puppetClass, kind, note, image, option, var: vars }) =>
      given({ class: puppetClass, kind, note, image, options: optionsOf(option), vars: varsOf(vars) })
  },
  {
    name: 'image',
    plural: 'images',
    key: 'name',
    about: 'operating systems that are installed',
    removable: 'var.NAME',
    columns: [
      column('name'),
      column('family'),
      column('release'),
      column('architecture'),
      {
        title: 'kernel',
        value: (row) => (row.kernel as { sha256: string } | undefined)?.sha256.slice(0, 12) ?? 'not imported'
      }
    ],
    options: (command) =>
      withVars(
        command
          .option('--release <release>', 'such as bookworm')
          .option('--architecture <architecture>', 'amd64 or arm64')
          .option('--kernel-argument <word>', 'a further word of the kernel command line (repeatable)', several)
      ),
    body: ({ release, architecture, kernelArgument, var: vars }) =>
      given({ family: 'debian', release, architecture, kernelArguments: kernelArgument, vars: varsOf(vars) })
  },
  {
    name: 'subnet',
    plural: 'subnets',
    key: 'cidr',
    about: 'networks that machines are on',
    removable: 'name, gateway, domain, vlan, sharedNetwork, option.NAME, var.NAME',
    columns: [
      column('cidr'),
      column('name'),
      column('gateway'),
      column('domain'),
      {
        title: 'pools',
        value: (row) => (row.pools as { from: string; to: string }[]).map(({ from, to }) => `${from}-${to}`)
      },
      column('vlan')
    ],
    options: (command) =>
      withVars(
        withOptions(
          command
            .option('--name <name>')
            .option('--gateway <address>')
            .option('--dns <address>', 'a DNS server (repeatable)', several)
            .option('--ntp <address>', 'an NTP server (repeatable)', several)
            .option('--domain <domain>')
            .option('--pool <from-to>', 'addresses for machines that nobody registered (repeatable)', several)
            .option('--lease <seconds>', 'of pool addresses; default 3600')
            .option('--vlan <number>')
            .option('--shared-network <name>', 'subnets that name the same one are on one link')
            .option('--authoritative', 'tell clients that ask for a wrong address so, by NAK (default)')
            .option('--no-authoritative', 'give them no answer'),
          'its clients'
        )
      ),
    body: ({ name, gateway, dns, ntp, domain, pool, lease, vlan, sharedNetwork, authoritative, option, var: vars }) =>
      given({
        name,
        gateway,
        dns,
        ntp,
        domain,
        pools: pool?.map(poolOf),
        lease: number(lease, '--lease'),
        vlan: number(vlan, '--vlan'),
        sharedNetwork,
        authoritative,
        options: optionsOf(option),
        vars: varsOf(vars)
      })
  },
  {
    name: 'class',
    plural: 'classes',
    key: 'name',
    about: 'DHCP clients that have something in common, and options of their own',
    removable: 'match.CONDITION, option.NAME, note',
    columns: [
      column('name'),
      { title: 'match', value: (row) => wordsOf(row.match as object) },
      { title: 'options', value: (row) => Object.keys(row.options as object) },
      column('note')
    ],
    options: (command) =>
      withOptions(
        command
          .option('--firmware <firmware>', `${FIRMWARE_NAMES.join(', ')} (repeatable: any of them)`, several)
          .option('--architecture <type>', 'of option 93, a number (repeatable: any of them)', several)
          .option('--vendor-class <text>', 'what option 60 begins with, such as PXEClient')
          .option('--user-class <text>', 'one of option 77, such as iPXE')
          .option('--relay <address>', "the relay agent's address (giaddr), or its network")
          .option('--mac <prefix>', 'what the MAC address begins with, such as 52:54:00')
          .option('--note <text>'),
        'clients of which all conditions hold'
      ),
    body: ({ firmware, architecture, vendorClass, userClass, relay, mac, note, option }) => {
      const types = architecture?.map((type) => number(type, '--architecture'))
      const match = given({ firmware, architecture: types, vendorClass, userClass, relay, mac })
      return given({
        match: Object.keys(match).length > 0 ? match : undefined,
        note,
        options: optionsOf(option)
      })
    }
  }
]

function poolOf(text: string): { from: string; to: string } {
  const [from = '', to = ''] = text.split('-', 2)
  if (from === '' || to === '') throw new UsageError(`--pool "${text}": write it as 10.77.0.100-10.77.0.199`)
  return { from, to }
}

function number(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  if (!/^[0-9]{1,9}$/.test(text)) throw new UsageError(`${option} "${text}" is not a whole number`)
  return Number(text)
}

/** `firmware=bios, mac=52:54:00` */
function wordsOf(match: object): string[] {
  return Object.entries(match).map(([name, value]) => `${name}=${value}`)
}
