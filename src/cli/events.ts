import type { Command } from 'commander'
import { type Context, clientOf } from './context.ts'
import { CommandFailed } from './errors.ts'
import type { Output } from './output.ts'
import { describeTransfer, type Transfer } from './transfers.ts'

type Event = { id: number; time: string; type: string; machine?: string; mac?: string; actor?: string; message: string }
type Options = { machine?: string; mac?: string; type?: string; limit: string; follow?: boolean; json?: boolean }

export function eventsCommand(program: Command, context: Context): void {
  program
    .command('events')
    .description('what happened: the steps of boots, reports of installers, changes by administrators')
    .option('--machine <name>')
    .option('--mac <mac>')
    .option('--type <type>', 'dhcp, tftp, http, boot, inventory or daemon; with --follow also progress (of boot files)')
    .option('--limit <number>', 'the latest so many', '50')
    .option('-f, --follow', 'go on with what happens, and with how far boot files are, until interrupted')
    .option('--json', 'as JSON; with --follow a line each')
    .action(async ({ follow, json, limit, ...filter }: Options, command: Command) => {
      const client = clientOf(command, context)
      const queryOf = (more: Record<string, string>) =>
        `/events?${new URLSearchParams({ ...(filter as Record<string, string>), ...more })}`
      const { items } = await client.json<{ items: Event[] }>('GET', queryOf({ limit }))
      if (json && !follow) return context.output.line(JSON.stringify(items, null, 2))
      for (const event of items) print(context.output, event, json)
      if (!follow) return
      const last = items.reduce((highest, { id }) => Math.max(highest, id), 0)
      for await (const { event, data } of client.events(queryOf({ after: String(last) }))) {
        if (event === 'progress') printProgress(context.output, JSON.parse(data), json)
        else print(context.output, JSON.parse(data), json)
      }
      throw new CommandFailed('the service has ended')
    })
}

function print(output: Output, event: Event, json: boolean | undefined): void {
  const { time, type, machine, mac, actor, message } = event
  output.line(json ? JSON.stringify(event) : `${time} ${type} ${machine ?? mac ?? actor ?? '-'}: ${message}`)
}

function printProgress(output: Output, transfer: Transfer, json: boolean | undefined): void {
  const time = new Date().toISOString()
  const line = { time, type: 'progress', ...transfer }
  output.line(json ? JSON.stringify(line) : `${time} ${transfer.protocol} ${describeTransfer(transfer)}`)
}
