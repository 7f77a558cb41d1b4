import type { ReportStep, Step } from './net/step.ts'
import type { WatchTransfer } from './net/transfer-watch.ts'
import { isNeedless, plainName } from './tftp-files.ts'

/**
 * Between the TFTP server's steps and who takes them: a file that was taken whole is a transfer that ended, and what
 * clients ask for by habit is for debugging.
 */
export function tftpSteps(report: ReportStep, watch: WatchTransfer): ReportStep {
  return (step) => {
    const name = nameIn(step)
    if (step.outcome === 'done' && step.address !== undefined) {
      const file = name.slice(name.lastIndexOf('/') + 1)
      const size = Number(/^done: (\d+) bytes/.exec(step.answered)?.[1])
      watch({ protocol: 'tftp', client: step.address, file, size }).ended(true)
    }
    report(step.outcome === 'not-found' && isNeedless(name) ? { ...step, level: 'debug' } : step)
  }
}

/** `RRQ ipxe.efi blksize=1468` */
function nameIn({ asked }: Step): string {
  const [, name = ''] = (typeof asked === 'string' ? asked : asked()).split(' ')
  return plainName(name)
}
