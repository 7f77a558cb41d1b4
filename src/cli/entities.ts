import type { Command } from 'commander'
import { type Context, clientOf, given, segment, several } from './context.ts'
import { optionsOf, varsOf, withOptions, withUnset, withVars } from './fields.ts'
import { type Fields, KINDS, type Kind } from './kinds.ts'
import { printList, printOne } from './output.ts'

/** Roles, images, subnets and classes: list, show, set (which creates what isn't there) and remove; the global settings: show and set. */

export function entityCommands(program: Command, context: Context): Record<Kind['name'], Command> {
  const groups = KINDS.map((kind) => [kind.name, commandsOf(program, context, kind)] as const)
  globalCommands(program, context)
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
    .option('--unset <field>', `remove a value: ${kind.removable} (repeatable)`, several)
    .action(async (key: string, { unset, ...fields }: Fields & { unset?: string[] }, command: Command) => {
      const body = withUnset(kind.body(fields as Fields), unset)
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

function globalCommands(program: Command, context: Context): void {
  const { output } = context
  const group = program
    .command('global')
    .description('what holds for all machines, where nothing more special says otherwise')

  group
    .command('show')
    .description('show the global settings')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      printOne(output, await clientOf(command, context).json('GET', '/global'), json)
    })

  withVars(
    withOptions(group.command('set').description('change the global settings: what is not named stays'), 'all clients')
  )
    .option('--unset <field>', 'remove a value: option.NAME, var.NAME (repeatable)', several)
    .action(async ({ option, var: vars, unset }: Fields & { unset?: string[] }, command: Command) => {
      const body = withUnset(given({ options: optionsOf(option), vars: varsOf(vars) }), unset)
      await clientOf(command, context).json('PATCH', '/global', body)
      output.line('global settings changed')
    })
}
