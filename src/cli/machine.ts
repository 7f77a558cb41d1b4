import type { Command } from 'commander'
import { type Context, clientOf, given, pairs, segment, several } from './context.ts'
import { UsageError } from './errors.ts'
import { optionsOf, varsOf, withOptions, withUnset, withVars } from './fields.ts'
import { column, printList, printOne } from './output.ts'

type Interface = { mac: string; ipv4?: string; subnet?: string }
type Fields = {
  mac?: string[]
  ipv4?: string
  subnet?: string
  role?: string
  image?: string
  uuid?: string
  serial?: string
  disk?: string
  console?: string
  localBoot?: string
  loader?: string
  kernelArgument?: string[]
  label?: string[]
  option?: string[]
  var?: string[]
  unset?: string[]
}

const COLUMNS = [
  column('name'),
  column('state'),
  { title: 'mac', value: (row: Record<string, unknown>) => (row.interfaces as Interface[])[0]?.mac },
  { title: 'ipv4', value: (row: Record<string, unknown>) => (row.interfaces as Interface[])[0]?.ipv4 },
  column('role'),
  column('image')
]

export function machineCommands(program: Command, context: Context): void {
  const machine = program.command('machine').description('the machines: registered ones and discovered ones')
  const { output } = context

  withFields(
    machine.command('add <name>').description('register a machine; one without --ipv4 is given an address at once')
  ).action(async (name: string, fields: Fields, command: Command) => {
    if (!fields.mac) throw new UsageError('--mac is needed: a machine is known by its MAC address')
    const added = await clientOf(command, context).json('POST', '/machines', {
      name,
      ...bodyOf(fields),
      interfaces: interfacesOf(fields)
    })
    const addresses = (added.interfaces as Interface[]).map((each) => `${each.mac} ${each.ipv4}`)
    output.line(`${name} registered: ${addresses.join(', ')}`)
    if (added.state === 'registered') output.line(`next: tandem machine install ${name}`)
  })

  machine
    .command('list')
    .description('list machines')
    .option(
      '--state-is <state>',
      'only those in this state: discovered, registered, "install requested", installing, failed, installed, retired'
    )
    .option('--role <role>')
    .option('--image <image>')
    .option('--mac <mac>')
    .option('--name <part>', 'only those with this in their name')
    .option('--json', 'as JSON')
    .action(async ({ json, stateIs, ...filter }: Record<string, string> & { json?: boolean }, command: Command) => {
      const query = new URLSearchParams({ ...filter, ...(stateIs ? { state: stateIs } : {}), limit: '100000' })
      const { items } = await clientOf(command, context).json<{ items: Record<string, unknown>[] }>(
        'GET',
        `/machines?${query}`
      )
      printList(output, items, COLUMNS, json)
    })

  machine
    .command('show <name>')
    .description('show a machine, with its install attempts')
    .option('--json', 'as JSON')
    .action(async (name: string, { json }: { json?: boolean }, command: Command) => {
      const client = clientOf(command, context)
      const shown = await client.json('GET', `/machines/${segment(name)}`)
      const { items } = await client.json<{ items: unknown[] }>('GET', `/machines/${segment(name)}/attempts`)
      printOne(output, { ...shown, attempts: items }, json)
    })

  withFields(machine.command('set <name>').description('change a machine; what is not named stays'))
    .option(
      '--unset <field>',
      'remove a value: role, image, disk, console, uuid, serial, option.NAME, var.NAME, label.NAME (repeatable)',
      several
    )
    .action(async (name: string, fields: Fields, command: Command) => {
      const client = clientOf(command, context)
      const path = `/machines/${segment(name)}`
      const interfaces = await changedInterfaces(
        fields,
        async () => (await client.json(`GET`, path)).interfaces as Interface[]
      )
      await client.json('PATCH', path, withUnset({ ...bodyOf(fields), ...given({ interfaces }) }, fields.unset))
      output.line(`${name} changed`)
    })

  machine
    .command('remove <name>')
    .description('forget a machine')
    .action(async (name: string, _options: object, command: Command) => {
      await clientOf(command, context).json('DELETE', `/machines/${segment(name)}`)
      output.line(`${name} removed`)
    })

  const actions = {
    install: 'have its image installed at its next network boot',
    cancel: 'take back a requested install: it boots from its disk',
    retire: 'never install it again: it is only ever told to boot from its disk'
  }
  for (const [action, description] of Object.entries(actions)) {
    machine
      .command(`${action} <name>`)
      .description(description)
      .action(async (name: string, _options: object, command: Command) => {
        const { generation, state } = await clientOf(command, context).json(
          'POST',
          `/machines/${segment(name)}/${action}`
        )
        output.line(`${name}: ${state}, generation ${generation}`)
      })
  }
}

function withFields(command: Command): Command {
  const fields = command
    .option('--mac <mac>', 'a network interface (repeatable)', several)
    .option('--ipv4 <address>', 'the fixed address of the first interface')
    .option('--subnet <cidr>', 'where the first interface gets an address from')
    .option('--role <role>', 'what it becomes')
    .option('--image <image>', "the operating system; default: its role's")
    .option('--uuid <uuid>', 'SMBIOS system UUID')
    .option('--serial <serial>', 'serial number')
    .option('--disk <path>', 'the disk to install on, such as /dev/disk/by-id/...; default: the only one')
    .option('--console <console>', "the kernel's console, such as ttyS0,115200n8")
    .option('--local-boot <how>', 'how a BIOS machine leaves iPXE for its disk: exit or sanboot')
    .option('--loader <loader>', "what a UEFI machine is sent: ipxe, grub (Debian's, signed for Secure Boot) or auto")
    .option('--kernel-argument <word>', 'a further word of the kernel command line (repeatable)', several)
    .option('--label <name=value>', 'a label (repeatable)', several)
  return withVars(withOptions(fields, 'it'))
}

function bodyOf(fields: Fields): Record<string, unknown> {
  const { role, image, uuid, serial, disk, console, localBoot, loader, kernelArgument, label } = fields
  const { option, var: vars } = fields
  return given({
    role,
    image,
    uuid,
    serial,
    disk,
    console,
    localBoot,
    loader,
    kernelArguments: kernelArgument,
    labels: pairs(label, '--label'),
    options: optionsOf(option),
    vars: varsOf(vars)
  })
}

function interfacesOf({ mac = [], ipv4, subnet }: Fields): Interface[] {
  return mac.map((each, index) => ({ mac: each, ...(index === 0 ? given({ ipv4, subnet }) : {}) }))
}

/** An address goes to the first interface; MACs replace the interfaces. Undefined: no change. */
async function changedInterfaces(
  fields: Fields,
  current: () => Promise<Interface[]>
): Promise<Interface[] | undefined> {
  if (fields.mac) return interfacesOf(fields)
  if (fields.ipv4 === undefined && fields.subnet === undefined) return undefined
  const [first, ...rest] = await current()
  return [{ mac: first?.mac ?? '', ...given({ ipv4: fields.ipv4, subnet: fields.subnet }) }, ...rest]
}
