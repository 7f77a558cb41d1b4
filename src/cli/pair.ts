import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Client } from './client.ts'
import { conflictCommands } from './conflicts.ts'
import { type Context, clientOf, given } from './context.ts'
import { CommandFailed, UsageError } from './errors.ts'
import { printOne } from './output.ts'

type Status = {
  state: string
  peer: { instance: string } | null
  receiving: { done: number; total: number } | null
  draining: { transfers: number; mayBeStopped: boolean } | null
}

const POLL_MS = 250
/** Milliseconds: an inventory of a hundred thousand machines takes a minute. */
const JOIN_MS = 15 * 60_000

/** `tandem pair`: how the two instances are, and what to do about it. */
export function pairCommands(program: Command, context: Context): void {
  const { output } = context
  const group = program.command('pair').description('the pair of instances: join, see how the two are, drain one')

  group
    .command('status', { isDefault: true })
    .description('state, last contact, lag, shares of addresses, clock skew')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      printOne(output, await clientOf(command, context).json('GET', '/pair'), json)
    })

  group
    .command('invite')
    .description('on the first instance: show a code, good once and for 15 minutes, by which the second one joins')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const invitation = await clientOf(command, context).json<{ code: string; address: string; until: string }>(
        'POST',
        '/pair/invite'
      )
      if (json) printOne(output, invitation, json)
      else
        output.line(
          `on the second instance, until ${invitation.until}:\n  tandem pair join ${invitation.address} ${invitation.code}`
        )
    })

  group
    .command('join <address> <code>')
    .description(
      'on the second instance: join the first, and take over its inventory; ADDRESS and CODE as `invite` shows them'
    )
    .option('--discard', 'drop an inventory that this instance has of its own')
    .action(async (address: string, code: string, options: { discard?: boolean }, command: Command) => {
      const client = clientOf(command, context)
      await client.json('POST', '/pair/join', { address, code, ...options })
      await untilJoined(client, (line) => output.line(line))
    })

  conflictCommands(group, context)

  group
    .command('leave')
    .description('end the pair from here: this instance serves nobody until it joins again, the other goes on alone')
    .option('--force', 'though the other instance cannot be told')
    .action(async (options: { force?: boolean }, command: Command) => {
      await clientOf(command, context).json('POST', '/pair/leave', options)
      output.line('this instance left its pair: `tandem pair join` lets it in again')
    })

  group
    .command('forget')
    .description('the other instance is gone for good: go on alone')
    .action(async (_options: object, command: Command) => {
      await clientOf(command, context).json('POST', '/pair/forget', {})
      output.line('this instance goes on alone')
    })

  group
    .command('drain')
    .description('begin no new work here, so that this instance can be stopped; says when it may be')
    .option('--limit <seconds>', 'how long running transfers may take; default 300')
    .action(async ({ limit }: { limit?: string }, command: Command) => {
      if (limit !== undefined && !/^[0-9]{1,5}$/.test(limit)) throw new UsageError('--limit takes whole seconds')
      const client = clientOf(command, context)
      await client.json('POST', '/pair/drain', given({ seconds: limit === undefined ? undefined : Number(limit) }))
      await untilDrained(client, (line) => output.line(line))
    })

  group
    .command('resume')
    .description('end a drain: serve again')
    .action(async (_options: object, command: Command) => {
      await clientOf(command, context).json('POST', '/pair/resume', {})
      output.line('this instance serves again')
    })

  group
    .command('partner-down')
    .description(
      'the other instance is down, and stays so until somebody starts it: its addresses are taken over after the waits'
    )
    .option('--powered-off', 'it is known to be off, not only out of reach: the waits are shorter')
    .action(async ({ poweredOff }: { poweredOff?: boolean }, command: Command) => {
      const status = await clientOf(command, context).json<{ sole: { othersAddressesFrom: string } | null }>(
        'POST',
        '/pair/partner-down',
        given({ poweredOff })
      )
      output.line(
        `this instance goes on alone; addresses of the other's share from ${status.sole?.othersAddressesFrom}`
      )
    })
}

async function untilJoined(client: Client, line: (text: string) => void): Promise<void> {
  const end = Date.now() + JOIN_MS
  let told = ''
  while (Date.now() < end) {
    const { state, receiving, peer } = await client.json<Status>('GET', '/pair')
    if (state === 'NORMAL') {
      line(`joined ${peer?.instance}: both have the whole inventory`)
      return
    }
    const text = receiving
      ? `receiving the inventory: ${receiving.done} of ${receiving.total}`
      : `waiting for ${peer?.instance}`
    if (text !== told) line(text)
    told = text
    await sleep(POLL_MS)
  }
  throw new CommandFailed('the two are not in step yet: `tandem pair status` says how far they are')
}

async function untilDrained(client: Client, line: (text: string) => void): Promise<void> {
  for (let told = -1; ; await sleep(POLL_MS)) {
    const { draining } = await client.json<Status>('GET', '/pair')
    if (draining === null) throw new CommandFailed('somebody ended the drain meanwhile')
    if (draining.mayBeStopped) {
      line('this instance may be stopped')
      return
    }
    if (draining.transfers !== told) line(`${draining.transfers} transfers are under way`)
    told = draining.transfers
  }
}
