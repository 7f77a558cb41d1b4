import type { Options } from './codec.ts'

/** RFC 1350: the size of a block when none was agreed. */
export const DEFAULT_BLOCK_SIZE = 512
/** Bytes of IPv4, UDP and TFTP that go before each block. */
export const HEADERS = 20 + 8 + 4
/** RFC 2348: what fits UDP's longest datagram. */
const LONGEST_BLOCK = 65_464

export type NegotiationLimits = {
  /** Bytes. What fits the path's MTU, unless the configuration allows more. */
  readonly maxBlockSize: number
  /** Blocks, and bytes of all of them: what doesn't fit into a client's receive buffer is lost. */
  readonly maxWindowSize: number
  readonly maxWindowBytes: number
}

export type Negotiated = {
  /** What the OACK says; empty: none is sent, the transfer starts with DATA. */
  readonly accepted: Options
  /** Bytes. */
  readonly blockSize: number
  /** Blocks that are sent before an ACK is waited for. */
  readonly windowSize: number
  /** Milliseconds until a retransmission at most, where the client asked for that; within it, the measured round trips tell. */
  readonly timeout: number | undefined
}

/**
 * Chooses among the options of a read request. Unknown options, and known ones with a value out of bounds, are left out
 * of the OACK, which tells the client that they don't hold (RFC 2347).
 *
 * - `blksize` (RFC 2348): 8 to 65464 bytes, answered with the same or less
 * - `windowsize` (RFC 7440): 1 to 65535 blocks, answered with the same or less
 * - `tsize` (RFC 2349): 0, answered with the file's size
 * - `timeout` (RFC 2349): 1 to 255 seconds; `utimeout` (tftp-hpa): 10,000 to 255,000,000 microseconds. Answered with the
 *   same. Of the two, the first one is taken.
 */
export function negotiate(requested: Options, fileSize: number, limits: NegotiationLimits): Negotiated {
  const accepted = new Map<string, string>()
  let blockSize = DEFAULT_BLOCK_SIZE
  let windowSize = 1
  let timeout: number | undefined
  for (const [name, text] of requested) {
    const value = /^[0-9]{1,20}$/.test(text) ? Number(text) : Number.NaN
    if (name === 'blksize' && value >= 8 && value <= LONGEST_BLOCK) {
      blockSize = Math.min(value, limits.maxBlockSize)
      accepted.set(name, String(blockSize))
    } else if (name === 'windowsize' && value >= 1 && value <= 65_535) {
      windowSize = Math.min(value, limits.maxWindowSize)
      // Its place; what fits depends on the size of the blocks, which may come later.
      accepted.set(name, '')
    } else if (name === 'tsize' && value === 0) {
      accepted.set(name, String(fileSize))
    } else if (name === 'timeout' && timeout === undefined && value >= 1 && value <= 255) {
      timeout = value * 1000
      accepted.set(name, String(value))
    } else if (name === 'utimeout' && timeout === undefined && value >= 10_000 && value <= 255_000_000) {
      timeout = value / 1000
      accepted.set(name, String(value))
    }
  }
  if (accepted.has('windowsize')) {
    windowSize = Math.max(1, Math.min(windowSize, Math.floor(limits.maxWindowBytes / blockSize)))
    accepted.set('windowsize', String(windowSize))
  }
  return { accepted, blockSize, windowSize, timeout }
}

/** Bytes of a block so that it travels whole. @param mtu of the path. */
export function blockSizeFor(mtu: number): number {
  return Math.max(8, Math.min(LONGEST_BLOCK, mtu - HEADERS))
}
