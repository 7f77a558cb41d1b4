import type { ClientLimits } from '../net/client-limits.ts'
import type { NegotiationLimits } from './negotiate.ts'

export type TftpLimits = Pick<NegotiationLimits, 'maxWindowSize' | 'maxWindowBytes'> & {
  /** Bytes; left out: what the path's MTU takes. With more, packets are sent in fragments. */
  readonly maxBlockSize?: number | undefined
  /** Milliseconds in which a client must be heard, and packets that it may leave unanswered, before it counts as gone. */
  readonly patience: number
  readonly tries: number
  /** Transfers at once; who asks for more is told to come later. */
  readonly clients: ClientLimits
}

/**
 * Linux' default receive buffer of 208 KiB holds 90 packets of 1500 bytes, or 13 of 9000: a client that doesn't ask for more gets such a
 * window whole. Firmware that is busy may be silent for half a minute.
 */
export const DEFAULT_LIMITS: TftpLimits = {
  maxWindowSize: 64,
  maxWindowBytes: 96 << 10,
  patience: 30_000,
  tries: 4,
  clients: { perClient: undefined, total: 4096 }
}
