import type { ReportStep, Step } from './net/step.ts'
import { isNeedless, plainName } from './tftp-files.ts'

/** What clients ask TFTP for by habit, and do without, is for debugging. */
export function quietSteps(report: ReportStep): ReportStep {
  return (step) => report(step.outcome === 'not-found' && isNeedless(nameIn(step)) ? { ...step, level: 'debug' } : step)
}

/** `RRQ ipxe.efi blksize=1468` */
function nameIn({ asked }: Step): string {
  const [, name = ''] = (typeof asked === 'string' ? asked : asked()).split(' ')
  return plainName(name)
}
