import { join } from 'node:path'
import type { Command } from 'commander'
import { type Context, clientOf } from './context.ts'
import { FAULTS, type Fault, type Report } from './drill/report.ts'
import { CommandFailed, UsageError } from './errors.ts'

const BINARY = join(import.meta.dirname, '..', '..', 'bin', 'tandem')

/** `tandem drill`: does it take over? */
export function drillCommand(program: Command, context: Context): void {
  const { output } = context
  program
    .command('drill')
    .description(
      'a failover drill on a pair of its own on loopback: simulated machines are installed, one instance fails; or, with --fault drain, on the running pair: machines that are registered for it boot from their disks, this instance drains. Says how long nobody answered, and what was lost'
    )
    .option('--fault <fault>', `${FAULTS.join(', ')}; drain, on the running pair`, 'kill')
    .option('--boots <number>', 'machines', '20')
    .option('--json', 'the report as JSON')
    .action(async ({ fault, boots, json }: { fault: string; boots: string; json?: boolean }, command: Command) => {
      if (fault !== 'drain' && !FAULTS.some((each) => each === fault))
        throw new UsageError(`--fault "${fault}" is none of ${FAULTS.join(', ')}, drain`)
      if (!/^[1-9][0-9]{0,2}$/.test(boots)) throw new UsageError('--boots takes a number from 1 to 999')
      const tell = (line: string) => {
        if (!json) output.line(line)
      }
      const report =
        fault === 'drain'
          ? await (await import('./drill/running.ts')).drillRunning(clientOf(command, context), Number(boots), tell)
          : await (await import('./drill/drill.ts')).drillEmbedded(BINARY, fault as Fault, Number(boots), tell)
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
