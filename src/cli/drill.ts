import { join } from 'node:path'
import type { Command } from 'commander'
import type { Context } from './context.ts'
import { FAULTS, type Fault, type Report } from './drill/drill.ts'
import { CommandFailed, UsageError } from './errors.ts'

const BINARY = join(import.meta.dirname, '..', '..', 'bin', 'tandem')

/** `tandem drill`: does it take over? */
export function drillCommand(program: Command, { output }: Context): void {
  program
    .command('drill')
    .description(
      'a failover drill on a pair of its own on loopback: simulated machines are installed, one instance fails; says how long nobody answered, and what was lost'
    )
    .option('--fault <fault>', FAULTS.join(', '), 'kill')
    .option('--boots <number>', 'machines', '20')
    .option('--json', 'the report as JSON')
    .action(async ({ fault, boots, json }: { fault: string; boots: string; json?: boolean }) => {
      if (!FAULTS.some((each) => each === fault))
        throw new UsageError(`--fault "${fault}" is none of ${FAULTS.join(', ')}`)
      if (!/^[1-9][0-9]{0,2}$/.test(boots)) throw new UsageError('--boots takes a number from 1 to 999')
      const { drillEmbedded } = await import('./drill/drill.ts')
      const report = await drillEmbedded(BINARY, fault as Fault, Number(boots), (line) => {
        if (!json) output.line(line)
      })
      if (json) output.line(JSON.stringify(report, null, 2))
      else for (const line of summaryOf(report)) output.line(line)
      if (report.bootsLost + report.writesLost > 0) throw new CommandFailed('something was lost')
    })
}

function summaryOf({ boots, bootsLost, secondPowerOns, writes, writesLost, secondsToFirstAnswer }: Report): string[] {
  return [
    `seconds to the first answer: ${secondsToFirstAnswer}`,
    `boots: ${boots}, lost: ${bootsLost}${secondPowerOns > 0 ? `, switched on twice or more: ${secondPowerOns}` : ''}`,
    `acknowledged writes: ${writes}, lost: ${writesLost}`
  ]
}
