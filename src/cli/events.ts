import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { type Context, clientOf } from './context.ts'
import type { Output } from './output.ts'

type Event = { id: number; time: string; type: string; machine?: string; mac?: string; actor?: string; message: string }
type Options = { machine?: string; mac?: string; type?: string; limit: string; follow?: boolean; json?: boolean }

const POLL_MS = 500

export function eventsCommand(program: Command, context: Context): void {
  program
    .command('events')
    .description('what happened: the steps of boots, reports of installers, changes by administrators')
    .option('--machine <name>')
    .option('--mac <mac>')
    .option('--type <type>', 'dhcp, tftp, http, boot, inventory or daemon')
    .option('--limit <number>', 'the latest so many', '50')
    .option('-f, --follow', 'go on with new ones until interrupted')
    .option('--json', 'as JSON; with --follow a line each')
    .action(async ({ follow, json, limit, ...filter }: Options, command: Command) => {
      const client = clientOf(command, context)
      const fetch = async (more: Record<string, string>) => {
        const query = new URLSearchParams({ ...(filter as Record<string, string>), ...more })
        return (await client.json<{ items: Event[] }>('GET', `/events?${query}`)).items
      }
      const first = await fetch({ limit })
      if (json && !follow) return context.output.line(JSON.stringify(first, null, 2))
      print(context.output, first, json)
      let last = lastId(first, 0)
      while (follow) {
        await sleep(POLL_MS)
        const next = await fetch({ after: String(last), limit: '1000' })
        print(context.output, next, json)
        last = lastId(next, last)
      }
    })
}

function lastId(events: readonly Event[], before: number): number {
  return events.reduce((last, { id }) => Math.max(last, id), before)
}

function print(output: Output, events: readonly Event[], json: boolean | undefined): void {
  for (const event of events) {
    const { time, type, machine, mac, actor, message } = event
    output.line(json ? JSON.stringify(event) : `${time} ${type} ${machine ?? mac ?? actor ?? '-'}: ${message}`)
  }
}
