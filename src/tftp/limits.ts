import type { ClientLimits } from '../net/client-limits.ts'
import type { NegotiationLimits } from './negotiate.ts'

export type TftpLimits = Pick<NegotiationLimits, 'maxWindowSize'> & {
  /** Bytes; left out: what the path's MTU takes. With more, packets are sent in fragments. */
  readonly maxBlockSize?: number | undefined
  /** Milliseconds in which a client must be heard, and packets that it may leave unanswered, before it counts as gone. */
  readonly patience: number
  readonly tries: number
  /** Transfers at once; who asks for more is told to come later. */
  readonly clients: ClientLimits
}

/**
 * A window of 128 blocks keeps a gigabit busy over 2 ms; longer ones only overflow the client's receive buffer. Firmware
 * that is busy may be silent for half a minute.
 */
export const DEFAULT_LIMITS: TftpLimits = {
  maxWindowSize: 128,
  patience: 30_000,
  tries: 4,
  clients: { perClient: undefined, total: 4096 }
}
