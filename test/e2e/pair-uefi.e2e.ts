import test from 'ava'
import { onPair } from './lab/pair.ts'
import { POINTS, type Point } from './lab/points.ts'
import { survives, survivesSilence } from './lab/strike.ts'

for (const point of Object.keys(POINTS) as Point[]) {
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
