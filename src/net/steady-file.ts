import type { BigIntStats } from 'node:fs'

/** A regular file whose content was read and hashed, and what tells whether it is still that one. */
export type SteadyFile = {
  /** Absolute, without symbolic links. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Of the whole content, 64 lower-case hexadecimal digits. */
  readonly sha256: string
  /** What {@link stampOf} gave when the content was read: whoever opens the file anew compares it. */
  readonly stamp: string
}

/**
 * Changes with every change of a file: which file it is, its size, and the times of the last change of its content and of
 * its inode (the latter can't be set back), in nanoseconds.
 */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
}

/** Whether the file that a stamp was taken of is unchanged. One that merely lost its name, to a new version, is. */
export function isUnchanged(stat: BigIntStats, stamp: string): boolean {
  if (stampOf(stat) === stamp) return true
  const { dev, ino, size, mtimeNs, nlink } = stat
  return nlink === 0n && stamp.startsWith(`${dev}:${ino}:${size}:${mtimeNs}:`)
}
