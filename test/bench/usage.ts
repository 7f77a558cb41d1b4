import { readFile } from 'node:fs/promises'

/** Linux counts CPU time for programs in hundredths of a second on every architecture. */
const MICROSECONDS_A_TICK = 10_000

/** The CPU time that processes have used, all their threads and ended children included, in microseconds. */
export async function cpuTime(pids: readonly number[]): Promise<number> {
  const times = await Promise.all(pids.map(processTime))
  return times.reduce((sum, time) => sum + time, 0)
}

async function processTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The program's name, in parentheses, may hold anything; utime, stime, cutime, cstime are the 14th field and on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MICROSECONDS_A_TICK
}

/** The memory that a process holds (its resident set), in MB. */
export async function memory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kibibytes === undefined) throw new Error(`process ${pid} has no VmRSS`)
  return (Number(kibibytes) * 1024) / 1e6
}
