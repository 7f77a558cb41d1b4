import { readFile, writeFile } from 'node:fs/promises'
import type { Metric, Sample } from '../figures.ts'
import type { Lab } from './lab.ts'
import type { FileServer } from './servers.ts'
import { CLIENT, CLIENT_ADDRESSES } from './site.ts'

export const RATE = { rate: { unit: 'MB/s', better: 'higher' } } as const satisfies Record<string, Metric>
export const TIME = { time: { unit: 's', better: 'lower' } } as const satisfies Record<string, Metric>

/** Seconds in which further transfers begin. */
const SECONDS = 1

/** One client gets 64 MiB again and again. */
export async function oneClient(
  lab: Lab,
  server: FileServer,
  blksize: number,
  windowsize: number
): Promise<Sample<'rate'>> {
  const { bytes, seconds } = await lab.tftp(server, 'big.bin', ['-b', blksize, '-w', windowsize, '-t', SECONDS])
  return { rate: bytes / seconds / 1e6 }
}

/** A hundred clients, each at its own address, get 1 MiB again and again. */
export async function rack(lab: Lab, server: FileServer, blksize: number, windowsize: number): Promise<Sample<'rate'>> {
  const clients = ['-c', 100, '-a', CLIENT, '-n', 100, '-t', SECONDS]
  const { bytes, seconds } = await lab.tftp(server, 'small.bin', ['-b', blksize, '-w', windowsize, ...clients])
  return { rate: bytes / seconds / 1e6 }
}

const SEEDS = [1, 2, 3, 4, 5]
/** Microseconds, and of 10,000. */
const BAD_LINK = ['-d', 1000, '-l', 50]

/** 1 MiB over a link of 2 ms there and back that loses 1 in 200 each way: the mean over some patterns of losses. */
export async function overLoss(lab: Lab, server: FileServer, windowsize: number): Promise<Sample<'time'>> {
  // At the same time: each waits for its packets nearly all of the time.
  const all = await Promise.all(
    SEEDS.map((seed) => lab.tftp(server, 'small.bin', ['-b', 1468, '-w', windowsize, ...BAD_LINK, '-s', seed]))
  )
  return { time: all.reduce((sum, { seconds }) => sum + seconds, 0) / all.length }
}

/** Megabytes that the server takes more while a thousand clients get 1 MiB at once. */
export async function storm(lab: Lab, server: FileServer): Promise<Sample<'memory' | 'rate'>> {
  const { pid } = lab.server(server).process
  const before = await memoryOf(pid, 'VmRSS')
  // The highest mark is set back (proc(5)).
  await writeFile(`/proc/${pid}/clear_refs`, '5')
  const clients = ['-c', 1000, '-a', CLIENT, '-n', CLIENT_ADDRESSES]
  const { bytes, seconds } = await lab.tftp(server, 'small.bin', ['-b', 1468, '-w', 4, ...clients])
  return { memory: (await memoryOf(pid, 'VmHWM')) - before, rate: bytes / seconds / 1e6 }
}

async function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
  return (Number(kibibytes) * 1024) / 1e6
}
