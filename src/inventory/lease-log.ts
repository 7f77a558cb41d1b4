import { Worker } from 'node:worker_threads'
import type { Db } from './database.ts'
import { type LeaseRow, leaseWriter, rowOf } from './lease-rows.ts'
import type { Lease } from './leases.ts'

/** Where leases are made durable. */
export interface LeaseLog {
  /** Resolves when the leases are on disk, all of them; rejects when none is. */
  append(leases: readonly Lease[]): Promise<void>
  close(): Promise<void>
}

/** Writes by the caller's own connection, and waits for the disk. */
export function directLeaseLog(db: Db): LeaseLog {
  const write = leaseWriter(db)
  return { append: async (leases) => write(leases.map(rowOf)), close: async () => {} }
}

/** What the thread is sent, and what it answers. */
export type AppendRequest = { readonly number: number; readonly rows: readonly LeaseRow[] }
export type AppendResult = { readonly number: number; readonly error?: string }

/**
 * Writes by a connection of its own in a thread of its own: while the disk takes its time, packets are
 * answered, files served and the peer kept company. A slow disk delays ACKs and nothing else.
 * @param path the inventory's SQLite file, whose schema is there already.
 */
export function threadedLeaseLog(path: string): LeaseLog {
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
  let count = 0
  let thread: Worker | undefined

  return {
    append(leases) {
      const number = ++count
      return new Promise((resolve, reject) => {
        waiting.set(number, { resolve, reject })
        thread ??= started()
        thread.postMessage({ number, rows: leases.map(rowOf) } satisfies AppendRequest)
      })
    },
    async close() {
      await thread?.terminate()
    }
  }

  /** One that failed is replaced with the next append. */
  function started(): Worker {
    const worker = new Worker(new URL('./lease-thread.ts', import.meta.url), { workerData: path })
    let why = 'the thread that writes leases has ended'
    worker.on('message', settle)
    worker.on('error', (error) => {
      why = error instanceof Error ? error.message : String(error)
    })
    worker.on('exit', () => {
      if (thread === worker) thread = undefined
      for (const { reject } of waiting.values()) reject(new Error(why))
      waiting.clear()
    })
    return worker
  }

  function settle({ number, error }: AppendResult): void {
    const waiter = waiting.get(number)
    waiting.delete(number)
    if (error === undefined) waiter?.resolve()
    else waiter?.reject(new Error(error))
  }
}
