import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { backupCommands } from './backup.ts'
import { captureCommand } from './capture.ts'
import type { Context } from './context.ts'
import { drillCommand } from './drill.ts'
import { entityCommands } from './entities.ts'
import { CommandFailed, UsageError } from './errors.ts'
import { eventsCommand } from './events.ts'
import { imageImportCommand } from './image-import.ts'
import { inventoryCommands } from './inventory.ts'
import { leaseCommands } from './leases.ts'
import { machineCommands } from './machine.ts'
import { pairCommands } from './pair.ts'
import { serveCommands } from './serve.ts'
import { simulateCommand } from './simulate.ts'
import { transfersCommand } from './transfers.ts'

const VERSION_FILE = new URL('../../package.json', import.meta.url)

/** Runs one command line. @returns the exit status: 0 done, 1 failed, 2 wrong usage. */
export async function run(args: readonly string[], context: Context): Promise<number> {
  try {
    await build(context).parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return exitStatus(error, context)
  }
}

function build(context: Context): Command {
  const { version } = JSON.parse(readFileSync(VERSION_FILE, 'utf8')) as { version: string }
  const program = new Command('tandem')
    .description('Provisions machines that boot from the network: the daemon, and the commands that administer it.')
    .version(version)
    .option('--state <folder>', "the daemon's state folder (default: var, or /var/lib/tandem)")
    .addHelpText(
      'after',
      '\nTANDEM_URL and TANDEM_TOKEN name a service elsewhere (TANDEM_CA: the file of its self-made certificate).\nExit status: 0 done, 1 failed, 2 wrong usage.'
    )
    .showHelpAfterError('(tandem --help, or tandem COMMAND --help, says more)')
    // Before the commands are made: they take it over.
    .configureOutput({
      writeOut: (text) => context.output.line(text.trimEnd()),
      writeErr: (text) => context.errors.line(text.trimEnd())
    })
  serveCommands(program, context, version)
  machineCommands(program, context)
  const { image } = entityCommands(program, context)
  imageImportCommand(image, context)
  inventoryCommands(program, context)
  leaseCommands(program, context)
  pairCommands(program, context)
  eventsCommand(program, context)
  transfersCommand(program, context)
  captureCommand(program, context)
  backupCommands(program, context)
  simulateCommand(program, context)
  drillCommand(program, context)
  exitByException(program)
  return program
}

function exitByException(command: Command): void {
  command.exitOverride()
  for (const each of command.commands) exitByException(each)
}

/** What to print and how to exit. Anything unforeseen keeps its stack: it is a fault of Tandem's. */
function exitStatus(error: unknown, { errors }: Context): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof UsageError || error instanceof CommandFailed) {
    errors.line(`tandem: ${error.message}`)
    return error instanceof UsageError ? 2 : 1
  }
  errors.line(String((error as Error).stack))
  return 1
}
