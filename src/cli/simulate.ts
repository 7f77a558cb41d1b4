import type { Command } from 'commander'
import { type Context, clientOf, macOf } from './context.ts'
import { CommandFailed, UsageError } from './errors.ts'
import { placeOf } from './simulate/place.ts'
import { PROFILES } from './simulate/profile.ts'

type Entry = { seconds: number; protocol: string; text: string }

export function simulateCommand(program: Command, context: Context): void {
  const names = PROFILES.map(({ firmware }) => firmware)
  program
    .command('simulate')
    .description(
      'play a machine against the running service: DHCP, TFTP, script, files, install file, reports. It is a boot like any other: a requested install counts as done afterwards. `explain` and `render` have no effect'
    )
    .requiredOption('--mac <mac>')
    .option('--firmware <firmware>', `${names.join(', ')}`, 'bios')
    .option('--json', 'the timeline as JSON')
    .action(
      async ({ mac: text, firmware, json }: { mac: string; firmware: string; json?: boolean }, command: Command) => {
        const profile = PROFILES.find((each) => each.firmware === firmware)
        if (!profile) throw new UsageError(`--firmware "${firmware}" is none of ${names.join(', ')}`)
        const mac = macOf(text)
        const client = clientOf(command, context)
        const place = await placeOf(client, mac)

        // The daemon, which has this command too, does without.
        const { SimulatedMachine } = await import('./simulate/machine.ts')
        const timeline: Entry[] = []
        const start = performance.now()
        const seen = (protocol: string, text: string) => {
          const entry = { seconds: Math.round(performance.now() - start) / 1000, protocol, text }
          timeline.push(entry)
          if (!json) context.output.line(`${entry.seconds.toFixed(3).padStart(8)} s  ${protocol.padEnd(4)}  ${text}`)
        }
        const outcome = await new SimulatedMachine(place, profile, mac, seen).boot().catch((error: Error) => error)
        const stopped = outcome instanceof Error ? outcome.message : undefined
        if (json)
          context.output.line(
            JSON.stringify(
              {
                mac,
                firmware,
                timeline,
                outcome: stopped === undefined ? outcome : 'stopped',
                ...(stopped ? { reason: stopped } : {})
              },
              null,
              2
            )
          )
        else if (stopped === undefined)
          context.output.line(outcome === 'installed' ? `${mac} is installed` : `${mac} boots from its disk`)
        if (outcome instanceof CommandFailed)
          throw new CommandFailed(`the machine would have stopped here: ${outcome.message}`)
        if (outcome instanceof Error) throw outcome
      }
    )
}
