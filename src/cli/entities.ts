import type { Command } from 'commander'
import { type Context, clientOf, given, pairs, segment, several } from './context.ts'
import { UsageError } from './errors.ts'
import { type Column, column, printList, printOne } from './output.ts'

/** Roles, images and subnets: list, show, set (which creates what isn't there) and remove. */

type Fields = Record<string, string | undefined> & {
  var?: string[]
  kernelArgument?: string[]
  dns?: string[]
  ntp?: string[]
  pool?: string[]
}

type Kind = {
  name: 'role' | 'image' | 'subnet'
  plural: string
  key: string
  about: string
  columns: readonly Column[]
  options: (command: Command) => Command
  body: (fields: Fields) => Record<string, unknown>
}

const KINDS: readonly Kind[] = [
  {
    name: 'role',
    plural: 'roles',
    key: 'name',
    about: 'what machines become',
    columns: [column('name'), column('class'), column('kind'), column('image'), column('note')],
    options: (command) =>
      command
        .option('--class <class>', 'its Puppet class; default role::NAME')
        .option('--kind <kind>', 'physical or virtual')
        .option('--note <text>')
        .option('--image <image>', 'the operating system of its machines')
        .option('--var <name=value>', 'a template variable (repeatable)', several),
    body: ({ class: puppetClass, kind, note, image, var: vars }) =>
      given({ class: puppetClass, kind, note, image, vars: pairs(vars, '--var') })
  },
  {
    name: 'image',
    plural: 'images',
    key: 'name',
    about: 'operating systems that are installed',
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
      command
        .option('--release <release>', 'such as bookworm')
        .option('--architecture <architecture>', 'amd64 or arm64')
        .option('--kernel-argument <word>', 'a further word of the kernel command line (repeatable)', several)
        .option('--var <name=value>', 'a template variable (repeatable)', several),
    body: ({ release, architecture, kernelArgument, var: vars }) =>
      given({ family: 'debian', release, architecture, kernelArguments: kernelArgument, vars: pairs(vars, '--var') })
  },
  {
    name: 'subnet',
    plural: 'subnets',
    key: 'cidr',
    about: 'networks that machines are on',
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
      command
        .option('--name <name>')
        .option('--gateway <address>')
        .option('--dns <address>', 'a DNS server (repeatable)', several)
        .option('--ntp <address>', 'an NTP server (repeatable)', several)
        .option('--domain <domain>')
        .option('--pool <from-to>', 'addresses for machines that nobody registered (repeatable)', several)
        .option('--lease <seconds>', 'of pool addresses; default 3600')
        .option('--vlan <number>')
        .option('--var <name=value>', 'a template variable (repeatable)', several),
    body: ({ name, gateway, dns, ntp, domain, pool, lease, vlan, var: vars }) =>
      given({
        name,
        gateway,
        dns,
        ntp,
        domain,
        pools: pool?.map(poolOf),
        lease: number(lease, '--lease'),
        vlan: number(vlan, '--vlan'),
        vars: pairs(vars, '--var')
      })
  }
]

export function entityCommands(program: Command, context: Context): Record<Kind['name'], Command> {
  const groups = KINDS.map((kind) => [kind.name, commandsOf(program, context, kind)] as const)
  return Object.fromEntries(groups) as Record<Kind['name'], Command>
}

function commandsOf(program: Command, context: Context, kind: Kind): Command {
  const { output } = context
  const group = program.command(kind.name).description(kind.about)
  const path = (key: string) => `/${kind.plural}/${segment(key)}`

  group
    .command('list')
    .description(`list the ${kind.plural}`)
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { items } = await clientOf(command, context).json<{ items: Record<string, unknown>[] }>(
        'GET',
        `/${kind.plural}?limit=100000`
      )
      printList(output, items, kind.columns, json)
    })

  group
    .command(`show <${kind.key}>`)
    .description(`show a ${kind.name}`)
    .option('--json', 'as JSON')
    .action(async (key: string, { json }: { json?: boolean }, command: Command) => {
      printOne(output, await clientOf(command, context).json('GET', path(key)), json)
    })

  kind
    .options(
      group.command(`set <${kind.key}>`).description(`make a ${kind.name}, or change it: what is not named stays`)
    )
    .option('--unset <field>', 'remove a value (repeatable)', several)
    .action(async (key: string, { unset, ...fields }: Fields & { unset?: string[] }, command: Command) => {
      const removed = Object.fromEntries((unset ?? []).map((field) => [field, null]))
      const body = { ...kind.body(fields as Fields), ...removed }
      const client = clientOf(command, context)
      const there = await client.exists('GET', path(key))
      await client.json(there ? 'PATCH' : 'PUT', path(key), body)
      output.line(`${kind.name} ${key} ${there ? 'changed' : 'created'}`)
    })

  group
    .command(`remove <${kind.key}>`)
    .description(`remove a ${kind.name} that nothing refers to`)
    .action(async (key: string, _options: object, command: Command) => {
      await clientOf(command, context).json('DELETE', path(key))
      output.line(`${kind.name} ${key} removed`)
    })
  return group
}

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
