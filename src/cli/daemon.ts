import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import { TOKEN_FILE } from '../admin-token.ts'
import type { Config } from '../config.ts'
import { BOOT_SERVER_OFFSET } from '../dhcp/proxy-port.ts'
import { addEmbeddedSubnet } from '../embedded.ts'
import { settleHeap } from '../heap.ts'
import { type Daemon, startDaemon } from '../main.ts'
import { notifier, passedSockets } from '../net/systemd.ts'
import { StartError } from '../start-error.ts'
import { warmUp } from '../warm-up.ts'
import { CommandFailed } from './errors.ts'
import type { Output } from './output.ts'

/** Runs the daemon until a signal ends it. @throws {CommandFailed} when it can't start, with the one line that says why. */
export async function serve(config: Config, embedded: boolean, version: string, output: Output): Promise<void> {
  const log = logger(config)
  const stop = stopSignal()
  const notify = notifier(process.env, (error) => log.warn(`systemd can't be told how the daemon is: ${error.message}`))
  const passed = passedSockets(process.env, process.pid)
  let daemon: Daemon
  try {
    daemon = await startDaemon(config, log, version, { passed })
  } catch (error) {
    if (error instanceof StartError) throw new CommandFailed(error.message)
    throw error
  }
  if (config.dhcp !== 'off') await warmUp()
  settleHeap()
  if (embedded && daemon.fresh) await addEmbeddedSubnet(daemon.inventory)
  const greeting = greetingOf(config, daemon)
  if (embedded) output.line(`\n${greeting.join('\n')}\n${nextSteps(daemon)}\n`)
  else for (const line of greeting) log.info(line)
  notify('READY=1')
  const signal = await stop
  notify('STOPPING=1')
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
    `serving machines on ${where}: ${dhcpOf(dhcp, ports.dhcp)}, TFTP ${ports.tftp}, HTTP ${ports.http}`,
    `serving administrators on ${adminUrl}; their token is in ${join(state, TOKEN_FILE)}`
  ]
}

function dhcpOf(mode: Config['dhcp'], port: number): string {
  if (mode === 'off') return 'DHCP off'
  return mode === 'proxy' ? `ProxyDHCP ${port} and ${port + BOOT_SERVER_OFFSET}` : `DHCP ${port}`
}

function nextSteps({ inventory }: Daemon): string {
  if ([...inventory.list('machine')].length > 0) return 'next, in another terminal: bin/tandem machine list'
  return `next, in another terminal, a simulated machine boots:
  bin/tandem machine add web1 --mac 52:54:00:00:00:0a
  bin/tandem explain web1
  bin/tandem simulate --mac 52:54:00:00:00:0a --firmware uefi-x64`
}
