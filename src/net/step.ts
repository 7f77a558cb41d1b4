import type { Ipv4 } from './ipv4.ts'
import type { Mac } from './mac.ts'

/**
 * One step of a machine's boot, as a server saw it: what was asked and what was answered.
 * The servers report steps; whoever listens adds the machine's name and boot attempt, writes the
 * log line and counts.
 */
export type Step = {
  readonly protocol: 'dhcp' | 'tftp' | 'http'
  /** The one it came from, as far as the protocol tells: a MAC, an address or both. */
  readonly mac?: Mac | undefined
  readonly address?: Ipv4 | undefined
  /** `DISCOVER from bios`, `RRQ ipxe.efi blksize=1468`; a function where it is made only if somebody reads it. */
  readonly asked: string | (() => string)
  /** `OFFER 10.77.0.10, undionly.kpxe`, `nothing: no subnet for 10.9.0.1`. */
  readonly answered: string
  /** `warn` only for what a person should act on. `debug`: kept out of the log unless asked for. */
  readonly level: 'debug' | 'info' | 'warn'
  /** False where what happened is kept as an event already, in the transaction that it caused. */
  readonly keep?: boolean
  /** A stable word for counting, such as `offer`, `malformed`, `not-found`. */
  readonly outcome: string
}

export type ReportStep = (step: Step) => void
