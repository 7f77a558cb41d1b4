import type { Command } from 'commander'
import { type Context, clientOf } from './context.ts'
import { UsageError } from './errors.ts'

type Conflict = {
  id: string
  values: { value: unknown; instance: string | null; actor: string | null; time: string | null; present: boolean }[]
}

/** `tandem pair conflicts`: what was written on both sides while they were apart. */
export function conflictCommands(group: Command, context: Context): void {
  const { output } = context
  const conflicts = group
    .command('conflicts')
    .description('what was written on both instances while they were apart: both values, with who and when')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { items } = await clientOf(command, context).json<{ items: Conflict[] }>('GET', '/conflicts')
      if (json) output.line(JSON.stringify(items, null, 2))
      else if (items.length === 0) output.line('none')
      else for (const item of items) output.line(describe(item))
    })

  conflicts
    .command('settle <id>')
    .description('choose one of the values')
    .requiredOption('--keep <number>', 'the number of the value that is kept')
    .action(async (id: string, { keep }: { keep: string }, command: Command) => {
      if (!/^[1-9][0-9]?$/.test(keep)) throw new UsageError("--keep takes a value's number")
      await clientOf(command, context).json('POST', '/conflicts/settle', { id, keep: Number(keep) })
      output.line(`${id} settled`)
    })
}

function describe({ id, values }: Conflict): string {
  const lines = values.map(({ value, instance, actor, time, present }, index) => {
    const who = [actor && `by ${actor}`, instance && `on ${instance}`, time && `at ${time}`].filter(Boolean).join(' ')
    return `  ${index + 1}: ${JSON.stringify(value)}${who && `  ${who}`}${present ? '  (counts until it is settled)' : ''}`
  })
  return [id, ...lines].join('\n')
}
