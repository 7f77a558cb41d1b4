import type { Options } from './codec.ts'

/** RFC 1350: the size of a block when none was agreed. */
export const DEFAULT_BLOCK_SIZE = 512

export type NegotiationLimits = {
  /** Bytes. What fits an Ethernet frame: 1500 less 20 of IPv4, 8 of UDP and 4 of TFTP. */
  readonly maxBlockSize: number
  /** Seconds until the first retransmission, when the client asks for no other. */
  readonly timeout: number
}

export type Negotiated = {
  /** What the OACK says; empty: none is sent, the transfer starts with DATA. */
  readonly accepted: Options
  /** Bytes. */
  readonly blockSize: number
  /** Seconds until the first retransmission. */
  readonly timeout: number
  /** By what each further wait is longer: a timeout that the client asked for stays as it is. */
  readonly backoff: 1 | 2
}

/**
 * Chooses among the options of a read request: `blksize` (RFC 2348: 8 to 65464, answered with the same or less), `tsize`
 * (RFC 2349: 0, answered with the file's size) and `timeout` (RFC 2349: 1 to 255 seconds). Unknown options, and known
 * ones with a value out of bounds, are left out of the OACK, which tells the client that they don't hold (RFC 2347).
 */
export function negotiate(requested: Options, fileSize: number, limits: NegotiationLimits): Negotiated {
  const accepted = new Map<string, string>()
  let blockSize = DEFAULT_BLOCK_SIZE
  let { timeout } = limits
  for (const [name, text] of requested) {
    const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
    if (name === 'blksize' && value >= 8 && value <= 65464) {
      blockSize = Math.min(value, limits.maxBlockSize)
      accepted.set(name, String(blockSize))
    } else if (name === 'tsize' && value === 0) {
      accepted.set(name, String(fileSize))
    } else if (name === 'timeout' && value >= 1 && value <= 255) {
      timeout = value
      accepted.set(name, String(timeout))
    }
  }
  return { accepted, blockSize, timeout, backoff: accepted.has('timeout') ? 1 : 2 }
}
