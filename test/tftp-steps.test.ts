import test from 'ava'
import type { Step } from '../src/net/step.ts'
import { quietSteps } from '../src/tftp-steps.ts'
import { ip } from './support/values.ts'

function levelOf(name: string, outcome: string): string | undefined {
  const steps: Step[] = []
  const asked = `RRQ ${name} blksize=1468`
  quietSteps((each) => steps.push(each))({
    protocol: 'tftp',
    address: ip('10.77.0.4'),
    asked,
    answered: 'ERROR 1: not found',
    level: 'info',
    outcome
  })
  return steps[0]?.level
}

test('what clients ask for by habit is for debugging when it is not there, and nothing else is', (t) => {
  for (const name of ['revocations_sku.efi', '/grub//revocations_sbat.efi', 'pxelinux.cfg/0A4D0004'])
    t.is(levelOf(name, 'not-found'), 'debug', name)
  for (const [name, outcome] of [
    ['ipxe.efi', 'not-found'],
    ['revocations_sku.efi', 'failed']
  ] as const)
    t.is(levelOf(name, outcome), 'info', name)
})
