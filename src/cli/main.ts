import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { Context } from './context.ts'
import { entityCommands } from './entities.ts'
import { CommandFailed, UsageError } from './errors.ts'
import { eventsCommand } from './events.ts'
import { imageImportCommand } from './image-import.ts'
import { inventoryCommands } from './inventory.ts'
import { machineCommands } from './machine.ts'
import { serveCommands } from './serve.ts'
import { simulateCommand } from './simulate.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const context: Context = { output: { line: (text) => process.stdout.write(`${text}\n`) }, env: process.env }

function build(): Command {
  const program = new Command('tandem')
    .description('Provisions machines that boot from the network: the daemon, and the commands that administer it.')
    .version(version)
    .option('--state <folder>', "the daemon's state folder (default: var, or /var/lib/tandem)")
    .addHelpText(
      'after',
      '\nTANDEM_URL and TANDEM_TOKEN name a service elsewhere (TANDEM_CA: the file of its self-made certificate).\nExit status: 0 done, 1 failed, 2 wrong usage.'
    )
    .showHelpAfterError('(tandem --help, or tandem COMMAND --help, says more)')
  serveCommands(program, context, version)
  machineCommands(program, context)
  const { image } = entityCommands(program, context)
  imageImportCommand(image, context)
  inventoryCommands(program, context)
  eventsCommand(program, context)
  simulateCommand(program, context)
  exitByException(program)
  return program
}

function exitByException(command: Command): void {
  command.exitOverride()
  for (const each of command.commands) exitByException(each)
}

/** What to print and how to exit. Anything unforeseen keeps its stack: it is a fault of Tandem's. */
function exitStatus(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof UsageError || error instanceof CommandFailed) {
    process.stderr.write(`tandem: ${error.message}\n`)
    return error instanceof UsageError ? 2 : 1
  }
  process.stderr.write(`${(error as Error).stack}\n`)
  return 1
}

try {
  await build().parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitStatus(error)
}
