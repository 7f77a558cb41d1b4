import test from 'ava'
import type { Step } from '../src/net/step.ts'
import type { TransferStart } from '../src/net/transfer-watch.ts'
import { tftpSteps } from '../src/tftp-steps.ts'
import { ip } from './support/values.ts'

const RRQ: Step = {
  protocol: 'tftp',
  address: ip('10.77.0.4'),
  asked: 'RRQ /grub/shimx64.efi blksize=1468',
  answered: 'done: 1044480 bytes in 12 ms',
  level: 'info',
  outcome: 'done'
}

/** What came of a step: the steps that went on, and the transfers that ended. */
function passed(step: Step) {
  const steps: Step[] = []
  const ended: [TransferStart, boolean][] = []
  const watch = (start: TransferStart) => ({
    reached() {},
    ended: (complete: boolean) => void ended.push([start, complete])
  })
  tftpSteps((each) => steps.push(each), watch)(step)
  return { steps, ended }
}

test('a file that was sent to its end is a transfer that ended, and the step goes on', (t) => {
  const { steps, ended } = passed(RRQ)
  t.deepEqual(steps, [RRQ])
  const start = { protocol: 'tftp', client: RRQ.address, file: 'shimx64.efi', size: 1_044_480 } as const
  t.deepEqual(ended, [[start, true]])
})

for (const outcome of ['sent', 'aborted', 'timeout', 'stopped', 'failed', 'not-found', 'duplicate']) {
  test(`a step that says ${outcome} tells of no whole file`, (t) => {
    const { steps, ended } = passed({ ...RRQ, outcome })
    t.deepEqual([steps.length, ended], [1, []])
  })
}

test('what clients ask for by habit is for debugging when it is not there, and nothing else is', (t) => {
  const level = (name: string, outcome: string) => passed({ ...RRQ, asked: `RRQ ${name}`, outcome }).steps[0]?.level
  for (const name of ['revocations_sku.efi', '/grub//revocations_sbat.efi', 'pxelinux.cfg/0A4D0004'])
    t.is(level(name, 'not-found'), 'debug', name)
  for (const [name, outcome] of [
    ['ipxe.efi', 'not-found'],
    ['revocations_sku.efi', 'failed']
  ] as const)
    t.is(level(name, outcome), 'info', name)
})
