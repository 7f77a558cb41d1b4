import { constants, open, rm } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { medianOf } from './figures.ts'

const WRITES = 200

/** What the figures depend on, as one sentence: cores, memory, kernel, and how long a write to this folder takes to be durable. */
export async function describeMachine(folder: string): Promise<string> {
  const cores = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`
  const sync = `a synced 4 KiB write takes ${await syncTime(folder)} µs (median)`
  return `${cores.length} × ${cores[0]?.model ?? 'unknown'}, ${memory}, Linux ${release()}; ${sync}`
}

/** Microseconds. */
async function syncTime(folder: string): Promise<number> {
  const path = join(folder, 'sync-probe')
  const file = await open(path, constants.O_CREAT | constants.O_WRONLY)
  const block = Buffer.alloc(4096)
  const times: number[] = []
  try {
    for (let write = 0; write < WRITES; write += 1) {
      const before = performance.now()
      await file.write(block, 0, block.length, write * block.length)
      await file.datasync()
      times.push(performance.now() - before)
    }
  } finally {
    await file.close()
    await rm(path)
  }
  return Math.round(medianOf(times) * 1000)
}
