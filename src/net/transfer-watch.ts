import type { Ipv4 } from './ipv4.ts'

/** A transfer of a boot file that begins. */
export type TransferStart = {
  readonly protocol: 'tftp' | 'http'
  readonly client: Ipv4
  /** The last part of its name: `initrd.gz`. */
  readonly file: string
  /** Bytes of the whole file. */
  readonly size: number
  /** Where in the file it begins; default: at its beginning. */
  readonly offset?: number
}

/** Follows one transfer. */
export interface TransferWatcher {
  /** @param bytes of the file that have left by now: an offset from its beginning, which may go back. */
  reached(bytes: number): void
  /** Once, whatever became of it. @param complete whether the client took the file to its last byte. */
  ended(complete: boolean): void
}

/** The servers tell of each transfer; whoever listens adds the machine's name. */
export type WatchTransfer = (start: TransferStart) => TransferWatcher

/** Tells several of the same transfers. */
export function watchAll(...all: readonly WatchTransfer[]): WatchTransfer {
  return (start) => {
    const watchers = all.map((watch) => watch(start))
    return {
      reached(bytes) {
        for (const watcher of watchers) watcher.reached(bytes)
      },
      ended(complete) {
        for (const watcher of watchers) watcher.ended(complete)
      }
    }
  }
}
