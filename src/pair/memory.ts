import type { Db } from '../inventory/database.ts'
import type { Hello } from './messages.ts'

/** What an instance remembers of its pair over a restart. */
export type Memory = {
  /** The other instance's origin when the two were in step last; empty: they never were. */
  readonly peerOrigin: string
  /** The origin of the other instance that has had all leases of here; empty: none has. */
  readonly toldOrigin: string
  /** Whether the inventory here is whole: not while it is being received. */
  readonly isWhole: boolean
  /** Seconds: the longest lease that both knew of. */
  readonly longestLease: number
  /** What it said of itself last. */
  readonly peer?: Hello
}

export const NO_MEMORY: Memory = { peerOrigin: '', toldOrigin: '', isWhole: true, longestLease: 0 }

const KEY = 'pair'

export function readMemory(db: Db): Memory {
  const row = db.prepare('SELECT value FROM meta WHERE key = ?').get(KEY) as { value: string } | undefined
  return row === undefined ? NO_MEMORY : { ...NO_MEMORY, ...JSON.parse(row.value) }
}

export function writeMemory(db: Db, memory: Memory): void {
  db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(KEY, JSON.stringify(memory))
}
