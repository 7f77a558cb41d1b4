import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../e2e/lab/process.ts'
import type { BenchOptions } from '../bench.ts'
import type { Link } from '../link.ts'
import { cpuTime, memory } from '../usage.ts'
import type { Contender } from './contender.ts'
import { type LoadResult, load } from './load.ts'
import type { Site } from './site.ts'

/** What the points measure in. */
export type Lab = Pick<BenchOptions, 'folder' | 'runs' | 'progress'> & {
  readonly link: Link
  /** The load generator. */
  readonly generator: string
}

/** A server that answers. */
export type Served = {
  /** Milliseconds from its start until a client had an address; ±20. */
  readonly startTime: number
  load(...options: string[]): Promise<LoadResult>
  /** CPU time that it has used, in microseconds. */
  cpuTime(): Promise<number>
  /** In MB. */
  memory(): Promise<number>
}

/** A client that appears in no load. */
const FIRST_CLIENT = ['-m', '02:ff:00:00:00:00', '-c', '1', '-o', '1', '-n', '1']

/** Makes what starts of a server begin with: a folder of its own. */
export async function prepare({ folder, link }: Lab, contender: Contender, site: Site): Promise<string> {
  const prepared = await mkdtemp(join(folder, 'prepared-'))
  await contender.prepare?.(prepared, site, link.server)
  return prepared
}

/** Serves from a copy of a prepared folder; see {@link serve}. */
export async function serveCopy<Result>(
  lab: Lab,
  contender: Contender,
  site: Site,
  prepared: string,
  use: (served: Served) => Promise<Result>
): Promise<Result> {
  const folder = await mkdtemp(join(lab.folder, 'serving-'))
  await cp(prepared, folder, { recursive: true })
  // What the copy left to be written must not slow the server's own writes.
  await run(['sync', '--file-system', folder])
  const result = await serve(lab, contender, site, folder, use)
  await rm(folder, { recursive: true })
  return result
}

/**
 * Starts a server, waits until it answers, and stops it after use.
 * @throws with the end of its log, when it doesn't answer or `use` throws; its folder stays.
 */
export async function serve<Result>(
  { link, generator }: Lab,
  contender: Contender,
  site: Site,
  folder: string,
  use: (served: Served) => Promise<Result>
): Promise<Result> {
  const log = join(folder, 'server.log')
  const command = await contender.configure(folder, site)
  const before = performance.now()
  const server = await link.server.start(command, log)
  try {
    const first = await load(generator, link.client, [...FIRST_CLIENT, '-t', '20', '-d', '30'])
    if (first.exchanges === 0) throw new Error('it gave nobody an address for 30 seconds')
    return await use({
      startTime: performance.now() - before,
      load: (...options) => load(generator, link.client, options),
      cpuTime: async () => cpuTime(await link.server.processes()),
      memory: () => memory(server.pid)
    })
  } catch (error) {
    const end = (await readFile(log, 'utf8')).split('\n').slice(-20).join('\n')
    throw new Error(`${contender.name}, ${command.join(' ')}: ${(error as Error).message}\n${end}`)
  } finally {
    await server.stop()
  }
}
