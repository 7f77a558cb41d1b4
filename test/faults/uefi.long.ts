import test from 'ava'
import type { Point } from '../e2e/lab/points.ts'
import { frozen, killed, silenced } from '../e2e/lab/strike.ts'

/** The points that the end-to-end suite leaves out for UEFI. */
const HERE: readonly Point[] = [
  'after the OFFER',
  'during TFTP of the loader',
  'after the script, before the kernel',
  'during the kernel',
  'before the install file'
]

for (const point of HERE) test.serial(...killed('UEFI', point))
test.serial(...frozen('UEFI'))
test.serial(...silenced('UEFI'))
