import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench } from './bench.ts'
import { dhcpBench } from './dhcp/bench.ts'
import { filesBench } from './files/bench.ts'
import { describeMachine } from './machine.ts'
import { pairBench } from './pair/bench.ts'
import { table, withResults } from './report.ts'

const BENCHES: Readonly<Record<string, Bench>> = { dhcp: dhcpBench, files: filesBench, pair: pairBench }
const PAGE = resolve(import.meta.dirname, '../../docs/benchmarks.md')

const USAGE = `usage: npm run bench BENCH -- [--point POINT]... [--runs 3] [--json] [--write-docs]
${Object.entries(BENCHES)
  .map(([name, { points }]) => `  ${name}: ${points.join(', ')}`)
  .join('\n')}`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      point: { type: 'string', multiple: true },
      runs: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false }
    }
  })
  const [name = ''] = positionals
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
  const points = values.point ?? bench?.points ?? []
  const runs = Number(values.runs)
  if (!bench || positionals.length > 1 || !points.every((point) => bench.points.includes(point))) throw new Usage()
  if (!Number.isInteger(runs) || runs < 1) throw new Usage()

  const run = `tandem-bench-${process.env.TANDEM_BENCH_RUN ?? process.pid}`
  const folder = join(tmpdir(), run, randomBytes(3).toString('hex'))
  await mkdir(folder, { recursive: true })
  const machine = await describeMachine(folder)
  const progress = (line: string) => console.error(`bench: ${line}`)
  progress(machine)
  const { figures, versions } = await bench.run({ points, runs, folder, run, progress })
  await rm(folder, { recursive: true })

  console.log(values.json ? JSON.stringify(figures, null, 2) : table(figures))
  if (values['write-docs']) {
    const date = new Date().toISOString().slice(0, 10)
    const about = `Measured on ${date}, medians of ${runs}: ${machine}.\n\nVersions: ${versions.join(', ')}.`
    await writeFile(PAGE, withResults(await readFile(PAGE, 'utf8'), name, `${about}\n\n${table(figures)}`))
  }
}

class Usage extends Error {}

try {
  await main()
} catch (error) {
  const wrongUsage = error instanceof Usage || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
  console.error(wrongUsage ? USAGE : error)
  process.exitCode = wrongUsage ? 2 : 1
}
