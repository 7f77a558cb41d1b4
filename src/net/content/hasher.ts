import { Worker } from 'node:worker_threads'

/** Reads open files and hashes what it reads, beside the event loop. The caller keeps the descriptor open meanwhile. */
export interface Hasher {
  /** @param size bytes from the beginning. @returns SHA-256, 64 lower-case hexadecimal digits; of less where the file ended earlier. */
  hash(fd: number, size: number): Promise<string>
  /** The same, with the bytes that were hashed. */
  load(fd: number, size: number): Promise<{ sha256: string; bytes: Buffer }>
  close(): Promise<void>
}

/** What the thread is sent, and what it answers. */
export type HashRequest = {
  readonly number: number
  readonly fd: number
  readonly size: number
  /** Whether the bytes are wanted too. */
  readonly keep: boolean
}
export type HashResult = { readonly number: number } & (
  | { readonly sha256: string; readonly bytes?: Uint8Array }
  | { readonly error: string; readonly code: string | undefined }
)
type Hashed = { sha256: string; bytes?: Uint8Array }

/** What the thread keeps are buffers, which are no part of this. */
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 }

/** A hasher whose work is done by a thread, started when it is first needed: an initrd of 64 MiB takes a tenth of a second. */
export function threadedHasher(): Hasher {
  const waiting = new Map<number, { resolve: (hashed: Hashed) => void; reject: (error: Error) => void }>()
  let count = 0
  let thread: Worker | undefined

  return {
    hash: async (fd, size) => (await ask(fd, size, false)).sha256,
    async load(fd, size) {
      const { sha256, bytes = new Uint8Array() } = await ask(fd, size, true)
      return { sha256, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
    },
    async close() {
      await thread?.terminate()
    }
  }

  function ask(fd: number, size: number, keep: boolean): Promise<Hashed> {
    const number = ++count
    return new Promise((resolve, reject) => {
      waiting.set(number, { resolve, reject })
      thread ??= started()
      thread.postMessage({ number, fd, size, keep } satisfies HashRequest)
    })
  }

  /** One that failed is replaced with the next file. */
  function started(): Worker {
    const worker = new Worker(new URL('./hash-thread.ts', import.meta.url), { resourceLimits: LIMITS })
    let why = 'the thread that reads boot files has ended'
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

  function settle(result: HashResult): void {
    const waiter = waiting.get(result.number)
    waiting.delete(result.number)
    if ('sha256' in result) waiter?.resolve(result)
    else waiter?.reject(Object.assign(new Error(result.error), { code: result.code }))
  }
}
