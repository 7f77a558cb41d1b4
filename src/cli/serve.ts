import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type Config, embeddedConfig, loadConfig } from '../config.ts'
import { FileError } from '../yaml.ts'
import type { Context } from './context.ts'
import { CommandFailed, UsageError } from './errors.ts'

const DEFAULT_STATE = 'var'

export function serveCommands(program: Command, context: Context, version: string): void {
  const { output } = context

  program
    .command('serve')
    .description('run the daemon; without --config on loopback alone, with its state in ./var (or --state)')
    .option('--config <file>', 'tandem.yaml')
    .action(async ({ config: file }: { config?: string }, command: Command) => {
      const { state } = command.optsWithGlobals<{ state?: string }>()
      if (file !== undefined && state !== undefined)
        throw new UsageError('--state goes without --config: the file names the state folder')
      const config = file === undefined ? embeddedConfig(state ?? DEFAULT_STATE) : configOf(file)
      // Loaded when needed: the other commands start in half the time without the daemon.
      const { serve } = await import('./daemon.ts')
      await serve(config, file === undefined, version, output)
    })

  program
    .command('init [file]')
    .description('write a commented tandem.yaml to start from')
    .action((file = 'tandem.yaml') => {
      if (existsSync(file)) throw new CommandFailed(`${file} is there already: it is left as it is`)
      writeFileSync(file, readFileSync(join(import.meta.dirname, '..', '..', 'examples', 'tandem.yaml')))
      output.line(
        `${file} written: edit it, then \`tandem config check ${file}\` and \`tandem serve --config ${file}\``
      )
    })

  program
    .command('config')
    .description('the configuration file')
    .command('check <file>')
    .description('say everything that is wrong with a tandem.yaml')
    .action((file: string) => {
      configOf(file)
      output.line(`${file} is right`)
    })
}

/** A wrong configuration is wrong usage: exit 2, every error on a line of its own. */
function configOf(file: string): Config {
  try {
    return loadConfig(file)
  } catch (error) {
    if (error instanceof FileError) throw new UsageError(error.message)
    throw error
  }
}
