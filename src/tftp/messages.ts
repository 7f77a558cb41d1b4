import type { Ipv4 } from '../net/ipv4.ts'
import type { Step } from '../net/step.ts'
import type { TransferStart } from '../net/transfer-watch.ts'
import type { TftpLimits } from './limits.ts'
import type { FileAnswer } from './surroundings.ts'

/** What the daemon and the TFTP thread say to each other. */

/** What the thread starts with; the descriptors are the process's. */
export type ThreadData = {
  readonly listeners: readonly { readonly fd: number; readonly local: Ipv4 }[]
  /** Rung after each message to the thread. */
  readonly bell: number
  readonly limits: TftpLimits
  /** Bytes for what was read of files. */
  readonly memory: number
}

export type ToThread =
  | { readonly type: 'answer'; readonly number: number; readonly answer: FileAnswer }
  /** So many steps were taken in. */
  | { readonly type: 'seen'; readonly steps: number }
  | { readonly type: 'stop'; readonly reason: string }

export type Told =
  | {
      readonly type: 'ask'
      readonly number: number
      readonly file: string
      readonly client: Ipv4
      readonly server: Ipv4
    }
  | { readonly type: 'step'; readonly step: Step }
  | { readonly type: 'began'; readonly number: number; readonly start: TransferStart }
  | { readonly type: 'reached'; readonly number: number; readonly bytes: number }
  | { readonly type: 'ended'; readonly number: number; readonly complete: boolean }

/** All of a turn; the last one says `stopped`. */
export type FromThread = { readonly told: readonly Told[]; readonly stopped: boolean }
