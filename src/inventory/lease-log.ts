import { Worker } from 'node:worker_threads'
import type { Db } from './database.ts'
import type { Lease } from './lease.ts'
import { type LeaseBatch, leaseWriter, rowOf } from './lease-rows.ts'

/** Where leases are made durable. */
export interface LeaseLog {
  /**
   * Resolves when the leases are on disk, all of them; rejects when none is.
   * @param acknowledged how many of this instance's changes the other one has, to be kept with them.
   * @returns milliseconds that the writing took.
   */
  append(leases: readonly Lease[], acknowledged?: number): Promise<number>
  close(): Promise<void>
}

/** Writes by the caller's own connection, and waits for the disk. */
export function directLeaseLog(db: Db): LeaseLog {
  const write = timed(leaseWriter(db))
  return {
    append: async (leases, acknowledged) => write({ rows: leases.map(rowOf), acknowledged }),
    close: async () => {}
  }
}

/** Leases that are written without a detour: waking the thread up and hearing from it takes longer than so few. */
const FEW = 8
/** Milliseconds that the event loop is blocked for at most, unless the disk becomes slow at that moment. */
const QUICK = 1

/**
 * Few leases by the caller's connection as long as the disk is quick, all others by a thread: one machine alone gets its
 * answer in half the time, and neither a storm nor a slow disk keeps anything else waiting.
 */
export function adaptiveLeaseLog(direct: LeaseLog, thread: LeaseLog): LeaseLog {
  let took = Number.POSITIVE_INFINITY
  let writing = 0
  return {
    async append(leases, acknowledged) {
      // What the thread has to write comes first.
      const log = writing === 0 && leases.length <= FEW && took < QUICK ? direct : thread
      writing += 1
      try {
        took = await log.append(leases, acknowledged)
        return took
      } finally {
        writing -= 1
      }
    },
    async close() {
      await Promise.all([direct.close(), thread.close()])
    }
  }
}

/** @returns what does the same and says how many milliseconds it took. */
export function timed<T>(action: (argument: T) => void): (argument: T) => number {
  return (argument) => {
    const start = performance.now()
    action(argument)
    return performance.now() - start
  }
}

/** What the thread is sent, and what it answers. */
export type AppendRequest = { readonly number: number; readonly batch: LeaseBatch }
export type AppendResult = { readonly number: number } & ({ readonly took: number } | { readonly error: string })

/** What the thread keeps is one append, be it an import of a hundred thousand leases. */
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 }

/**
 * Writes by a connection of its own in a thread of its own: while the disk takes its time, packets are
 * answered, files served and the peer kept company. A slow disk delays ACKs and nothing else.
 * @param path the inventory's SQLite file, whose schema is there already.
 */
export function threadedLeaseLog(path: string): LeaseLog {
  const waiting = new Map<number, { resolve: (took: number) => void; reject: (error: Error) => void }>()
  let count = 0
  let thread: Worker | undefined

  return {
    append(leases, acknowledged) {
      const number = ++count
      return new Promise((resolve, reject) => {
        waiting.set(number, { resolve, reject })
        thread ??= started()
        thread.postMessage({ number, batch: { rows: leases.map(rowOf), acknowledged } } satisfies AppendRequest)
      })
    },
    async close() {
      await thread?.terminate()
    }
  }

  /** One that failed is replaced with the next append. */
  function started(): Worker {
    const worker = new Worker(new URL('./lease-thread.ts', import.meta.url), {
      workerData: path,
      resourceLimits: LIMITS
    })
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

  function settle(result: AppendResult): void {
    const waiter = waiting.get(result.number)
    waiting.delete(result.number)
    if ('took' in result) waiter?.resolve(result.took)
    else waiter?.reject(new Error(result.error))
  }
}
