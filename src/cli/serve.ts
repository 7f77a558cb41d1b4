import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import { TOKEN_FILE } from '../admin-token.ts'
import { type Config, embeddedConfig, loadConfig } from '../config.ts'
import { addEmbeddedSubnet } from '../embedded.ts'
import { type Daemon, startDaemon } from '../main.ts'
import { StartError } from '../start-error.ts'
import { FileError } from '../yaml.ts'
import type { Context } from './context.ts'
import { CommandFailed, UsageError } from './errors.ts'
import type { Output } from './output.ts'

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

async function serve(config: Config, embedded: boolean, version: string, output: Output): Promise<void> {
  const log = logger(config)
  const stop = stopSignal()
  let daemon: Daemon
  try {
    daemon = await startDaemon(config, log, version)
  } catch (error) {
    if (error instanceof StartError) throw new CommandFailed(error.message)
    throw error
  }
  if (embedded && daemon.fresh) await addEmbeddedSubnet(daemon.inventory)
  const greeting = greetingOf(config, daemon)
  if (embedded) output.line(`\n${greeting.join('\n')}\n${nextSteps(daemon)}\n`)
  else for (const line of greeting) log.info(line)
  const signal = await stop
  log.info(`${signal}: stopping`)
  await daemon.close()
  log.info('stopped')
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  })
}

/** JSON lines for a log collector; for a terminal the same lines in readable form. */
function logger({ log }: Config): Logger {
  const options = { level: log, base: null }
  if (!process.stdout.isTTY)
    return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } })
  const ignore = 'protocol,machine,mac,address'
  return pino(options, pretty({ sync: true, singleLine: true, ignore, translateTime: 'SYS:HH:MM:ss.l' }))
}

function greetingOf({ ports, state, dhcp }: Config, { adminUrl, interfaces }: Daemon): string[] {
  const where = interfaces.map(({ name, address }) => `${name} ${address}`).join(', ')
  return [
    `serving machines on ${where}: DHCP ${dhcp === 'off' ? 'off' : ports.dhcp}, TFTP ${ports.tftp}, HTTP ${ports.http}`,
    `serving administrators on ${adminUrl}; their token is in ${join(state, TOKEN_FILE)}`
  ]
}

function nextSteps({ inventory }: Daemon): string {
  if ([...inventory.list('machine')].length > 0) return 'next, in another terminal: bin/tandem machine list'
  return `next, in another terminal, a simulated machine boots:
  bin/tandem machine add web1 --mac 52:54:00:00:00:0a
  bin/tandem explain web1
  bin/tandem simulate --mac 52:54:00:00:00:0a --firmware uefi-x64`
}
