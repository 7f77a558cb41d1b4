import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { stringify } from 'yaml'
import type { Config } from '../../src/config.ts'
import { eventually } from './eventually.ts'
import { temporaryFolder } from './files.ts'
import { configIn } from './running.ts'

export const TANDEM = join(import.meta.dirname, '..', '..', 'bin', 'tandem')

/** Starts `bin/tandem` as a user does. @param cwd where; nothing of the environment names a service. */
export function start(args: readonly string[], cwd: string): ChildProcess {
  const { TANDEM_URL: _, TANDEM_TOKEN: __, TANDEM_CA: ___, ...env } = process.env
  return spawn(TANDEM, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A folder with a tandem.yaml of free ports on a loopback address; its state is where the commands look first. */
export async function site(t: ExecutionContext, change: object = {}): Promise<{ folder: string; config: Config }> {
  const folder = temporaryFolder(t)
  const config = await configIn(folder)
  const { interfaces, ports, admin } = config
  const provisioning = {
    interfaces,
    http: ports.http,
    tftp: ports.tftp,
    dhcp: { port: ports.dhcp },
    loaders: 'loaders'
  }
  const file = {
    state: 'var',
    provisioning: { ...provisioning, ...change },
    admin: { listen: `${admin.address}:${admin.port}` }
  }
  writeFileSync(join(folder, 'tandem.yaml'), stringify(file))
  return { folder, config }
}

export type Served = { readonly child: ChildProcess; printed(): string }

/** The daemon, once it says that it serves; ended with the test if that wasn't done before. */
export async function serve(t: ExecutionContext, folder: string): Promise<Served> {
  const child = start(['serve', '--config', 'tandem.yaml'], folder)
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => (out += bytes))
  await eventually(t, (tt) => tt.regex(out, /serving administrators on https:/))
  return { child, printed: () => out }
}
