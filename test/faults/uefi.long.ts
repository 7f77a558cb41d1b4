import test from 'ava'
import { onPair } from '../e2e/lab/pair.ts'
import type { Point } from '../e2e/lab/points.ts'
import { survives, survivesSilence } from '../e2e/lab/strike.ts'

/** The points that the end-to-end suite leaves out for UEFI. */
const HERE: readonly Point[] = ['after the script, before the kernel', 'during the kernel', 'before the install file']

for (const point of HERE) {
  test.serial(
    `UEFI: the instance that answers is killed ${point}, and the machine is installed, once`,
    onPair((t, lab) => survives(t, lab, 'uefi-pxe', point))
  )
}

test.serial(
  'UEFI: the instance that answers is frozen during the kernel, and the machine is installed, once',
  onPair((t, lab) => survives(t, lab, 'uefi-pxe', 'during the kernel', 'SIGSTOP'))
)

test.serial(
  'UEFI: only an instance that is gone heard of `installed`, and the installer of the other one finds it on the disk',
  onPair((t, lab) => survivesSilence(t, lab, 'uefi-pxe'))
)
