import { parentPort, workerData } from 'node:worker_threads'
import { connect } from './database.ts'
import { type AppendRequest, type AppendResult, timed } from './lease-log.ts'
import { leaseWriter } from './lease-rows.ts'

/** The thread that writes leases (lease-log.ts). */

const write = timed(leaseWriter(connect(workerData as string)))

parentPort?.on('message', ({ number, batch }: AppendRequest) => {
  parentPort?.postMessage({ number, ...attempt(() => write(batch)) } satisfies AppendResult)
})

function attempt(write: () => number): { took: number } | { error: string } {
  try {
    return { took: write() }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}
