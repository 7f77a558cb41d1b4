import test from 'ava'
import { onPair } from './lab/pair.ts'
import { POINTS, type Point } from './lab/points.ts'
import { survives, survivesSilence } from './lab/strike.ts'

for (const point of Object.keys(POINTS) as Point[]) {
  // iPXE in the card's ROM takes no loader.
  const boot = point === 'during TFTP of the loader' ? 'bios-pxe' : 'bios-ipxe'
  test.serial(
    `BIOS: the instance that answers is killed ${point}, and the machine is installed, once`,
    onPair((t, lab) => survives(t, lab, boot, point))
  )
}

test.serial(
  'BIOS: the instance that answers is frozen during the kernel, and the machine is installed, once',
  onPair((t, lab) => survives(t, lab, 'bios-ipxe', 'during the kernel', 'SIGSTOP'))
)

test.serial(
  'BIOS: only an instance that is gone heard of `installed`, and the installer of the other one finds it on the disk',
  onPair((t, lab) => survivesSilence(t, lab, 'bios-ipxe'))
)
